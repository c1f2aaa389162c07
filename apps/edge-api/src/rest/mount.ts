import { ApiError, idSchema } from "@deadiff/schemas";
import type { Hono } from "hono";
import type { AppEnv } from "../app-env.ts";
import type { Context } from "../context.ts";
import { problemResponse, toApiError } from "../problem.ts";
import { appRouter } from "../router/index.ts";
import { createCallerFactory } from "../trpc.ts";
import { eventStream } from "./events.ts";
import { queryKinds, readInput } from "./input.ts";
import { restRoutes } from "./routes.ts";

const createCaller = createCallerFactory(appRouter);
type Callable = (input: unknown) => Promise<unknown>;

/** The procedure named `jobs.create` of a caller. */
const pick = (caller: ReturnType<typeof createCaller>, procedure: string): Callable =>
  procedure.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], caller) as Callable;

const answer = (ctx: Context, status: number, body: unknown, knownEtag: string | undefined): Response => {
  const { etag } = ctx.reply.headers;
  if (etag !== undefined && knownEtag?.split(",").some((known) => known.trim().replace(/^W\//, "") === etag) === true) {
    return new Response(null, { status: 304, headers: ctx.reply.headers });
  }
  return new Response(JSON.stringify(body), { status, headers: { ...ctx.reply.headers, "content-type": "application/json" } });
};

/** Serves every procedure that has a REST form under `/v1`. */
export const mountRest = (app: Hono<AppEnv>): void => {
  for (const route of restRoutes()) {
    const kinds = queryKinds(route.input);
    app.on(route.rest.method, `/v1${route.rest.path.replace(/\{(\w+)\}/g, ":$1")}`, async (c) => {
      const ctx = c.get("context");
      try {
        const input = readInput(route, kinds, c.req.raw, c.get("body"), c.req.param());
        const output = await pick(createCaller(ctx), route.procedure)(input);
        const known = route.rest.method === "GET" ? c.req.header("if-none-match") : undefined;
        return answer(ctx, ctx.reply.status ?? route.rest.status ?? 200, output, known);
      } catch (error) {
        return problemResponse(toApiError(error).toProblem(ctx.requestId), ctx.reply.headers);
      }
    });
  }

  app.get("/v1/jobs/:id/events", async (c) => {
    const ctx = c.get("context");
    try {
      const id = idSchema("job").safeParse(c.req.param("id"));
      if (!id.success) throw new ApiError("not_found");
      const left = new AbortController();
      const signal = AbortSignal.any([ctx.signal, left.signal]);
      const caller = createCaller(Object.defineProperties({} as Context, { ...Object.getOwnPropertyDescriptors(ctx), signal: { value: signal, enumerable: true } }));
      const last = c.req.header("last-event-id") ?? c.req.query("last_event_id");
      const news = (await caller.jobs.watch({ id: id.data, lastEventId: last })) as Parameters<typeof eventStream>[0];
      // A job that is not there is a problem document, not an empty stream: the first news is awaited before the headers go out.
      const first = await news.next();
      const whole = (async function* () {
        if (first.done === true) return;
        yield first.value;
        yield* news;
      })();
      return eventStream(whole, () => left.abort(), ctx.reply.headers);
    } catch (error) {
      return problemResponse(toApiError(error).toProblem(ctx.requestId), ctx.reply.headers);
    }
  });
};
