import { ApiError } from "@deadiff/schemas";
import { SpanStatusCode } from "@opentelemetry/api";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { Hono, type Context as HonoContext } from "hono";
import { cors } from "hono/cors";
import { routePath } from "hono/route";
import type { AppEnv } from "./app-env.ts";
import { signIn } from "./auth/sign-in.ts";
import { readBody, withBody } from "./body.ts";
import { createContext } from "./context.ts";
import type { Services } from "./ports/services.ts";
import { problemResponse, toApiError } from "./problem.ts";
import { mountRest } from "./rest/mount.ts";
import { openApiDocument } from "./rest/openapi.ts";
import { appRouter } from "./router/index.ts";

/** What a runtime brings to a request. */
export interface Host {
  readonly services: (c: HonoContext) => Services;
  /** The caller's address, as far as this runtime can vouch for it. */
  readonly ip: (c: HonoContext) => string | undefined;
}

/** Whoever asks how we are is answered however busy we are. */
const ALWAYS_ANSWERED: ReadonlySet<string> = new Set(["/v1/health", "/trpc/health.get"]);

/** The API: tRPC under `/trpc`, the same procedures as REST under `/v1`, their OpenAPI document. Runs wherever Hono runs. */
export const createApp = (host: Host): Hono<AppEnv> => {
  const app = new Hono<AppEnv>();

  app.use(
    cors({
      origin: "*",
      allowHeaders: ["authorization", "content-type", "idempotency-key", "if-none-match", "last-event-id", "prefer", "traceparent", "trpc-accept"],
      exposeHeaders: ["etag", "location", "retry-after", "ratelimit", "ratelimit-policy", "x-request-id", "idempotency-replayed"],
      maxAge: 600,
    }),
  );

  app.use(async (c, next) => {
    const services = host.services(c);
    const ctx = createContext(c.req.raw, services, host.ip(c));
    c.set("context", ctx);
    const started = performance.now();
    await next();
    c.res.headers.set("x-request-id", ctx.requestId);
    c.res.headers.set("x-content-type-options", "nosniff");
    if (!c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "private, no-store");
    services.after(ctx.close());
    const route = routePath(c, -1);
    const ms = performance.now() - started;
    services.count?.({ method: c.req.method, route, status: c.res.status, seconds: ms / 1000 });
    if (ctx.span !== undefined && services.tracing !== undefined) {
      ctx.span.updateName(`${c.req.method} ${route}`).setAttributes({ "http.route": route, "http.response.status_code": c.res.status, "deadiff.request_id": ctx.requestId });
      if (c.res.status >= 500) ctx.span.setStatus({ code: SpanStatusCode.ERROR });
      ctx.span.end();
      services.after(services.tracing.flush());
    }
    services.log("info", "request", {
      request_id: ctx.requestId,
      traceparent: ctx.traceparent,
      method: c.req.method,
      path: c.req.path.slice(0, 200),
      status: c.res.status,
      ms: Math.round(ms),
      account_id: ctx.caller?.accountId,
      key_id: ctx.caller?.keyId,
    });
  });

  // The whole body is here before the request takes a turn: one that trickles in holds up nobody.
  app.use(readBody);

  app.use(async (c, next) => {
    const ctx = c.get("context");
    if (!ALWAYS_ANSWERED.has(c.req.path)) ctx.turn = await ctx.services.admission.enter();
    await next();
    ctx.turn?.leave();
  });

  app.on(["GET", "POST"], "/auth/*", (c) => signIn(c.get("context"), withBody(c)));

  app.all("/trpc/*", (c) => {
    const ctx = c.get("context");
    return fetchRequestHandler({
      endpoint: "/trpc",
      req: withBody(c),
      router: appRouter,
      createContext: () => ctx,
      responseMeta: ({ errors }) => {
        const retryAfter = errors.map((error) => toApiError(error).retryAfterS).find((seconds) => seconds !== undefined);
        // ETag and Location belong to one procedure; a batch may hold many.
        const headers = Object.entries(ctx.reply.headers).filter(([name]) => name !== "etag" && name !== "location");
        return { headers: { ...Object.fromEntries(headers), ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }) } };
      },
    });
  });

  mountRest(app);
  let document: string | undefined;
  app.get("/v1/openapi.json", () => {
    document ??= JSON.stringify(openApiDocument());
    return new Response(document, { headers: { "content-type": "application/json", "cache-control": "public, max-age=300" } });
  });

  app.notFound((c) => problemResponse(new ApiError("not_found", `Nothing answers ${c.req.method} ${c.req.path.slice(0, 200)}.`).toProblem(c.get("context").requestId)));
  app.onError((error, c) => {
    const ctx = c.get("context");
    const shown = toApiError(error);
    if (shown.code === "internal") ctx.services.log("error", "request_failed", { request_id: ctx.requestId, error: error.stack ?? error.message });
    return problemResponse(shown.toProblem(ctx.requestId), ctx.reply.headers);
  });
  return app;
};
