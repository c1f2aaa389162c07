import { ApiError, authenticate, RATE_POLICIES, type RatePolicyName, type Scope } from "@deadiff/schemas";
import { initTRPC } from "@trpc/server";
import ipaddr from "ipaddr.js";
import type { Context } from "./context.ts";
import { toApiError, toTrpcError } from "./problem.ts";

/** How a procedure appears in the REST mirror. */
export interface RestRoute {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Under `/v1`; `{name}` stands for the input of that name. */
  readonly path: `/${string}`;
  readonly summary: string;
  /** Inputs that come as header fields: `Idempotency-Key`, `If-None-Match`, `Prefer: wait=N`. */
  readonly headers?: readonly ("idempotency_key" | "known_etag" | "wait_s")[];
  readonly status?: 200 | 201 | 202 | 204;
}

/** What is known of a procedure beside its types. */
export interface Meta {
  readonly rest?: RestRoute;
  readonly scope?: Scope;
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    isDev: false,
    sse: { ping: { enabled: true, intervalMs: 15_000 }, maxDurationMs: 15 * 60_000 },
    errorFormatter: ({ shape, error, ctx }) => ({
      ...shape,
      data: { code: shape.data.code, httpStatus: shape.data.httpStatus, path: shape.data.path, problem: toApiError(error).toProblem(ctx?.requestId ?? "") },
    }),
  });

export const { router, createCallerFactory } = t;

/** Every procedure: whatever it throws becomes one of the API's errors. */
export const open = t.procedure.use(async ({ ctx, next, path }) => {
  const result = await next();
  if (result.ok) return result;
  const error = toApiError(result.error);
  if (error.code === "internal") {
    const cause = error.cause instanceof Error ? (error.cause.cause instanceof Error ? error.cause.cause : error.cause) : error.cause;
    ctx.services.log("error", "procedure_failed", { path, request_id: ctx.requestId, error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) });
  }
  throw toTrpcError(error);
});

const mayCallFrom = (ip: string | undefined, allowed: readonly string[]): boolean => {
  if (allowed.length === 0) return true;
  if (ip === undefined || !ipaddr.isValid(ip)) return false;
  const address = ipaddr.process(ip);
  return allowed.some((entry) => {
    const [range, bits] = entry.includes("/") ? ipaddr.parseCIDR(entry) : [ipaddr.process(entry), undefined];
    if (address.kind() !== range.kind()) return false;
    return address.match(range, bits ?? (address.kind() === "ipv4" ? 32 : 128));
  });
};

/** The RateLimit fields of draft-ietf-httpapi-ratelimit-headers. */
const rateHeaders = (policyName: RatePolicyName, remaining: number, resetS: number): Record<string, string> => {
  const policy = RATE_POLICIES[policyName];
  return { "ratelimit-policy": `"${policy.name}";q=${policy.quota};w=${policy.windowS}`, ratelimit: `"${policy.name}";r=${remaining};t=${resetS}` };
};

/** A procedure for callers with an API key that has `scope`; each call counts against `policy`. */
export const authed = (scope: Scope, policy: RatePolicyName) =>
  open.meta({ scope }).use(async ({ ctx, next }) => {
    if (ctx.apiKey === undefined) throw new ApiError("unauthenticated", "Send the API key as `Authorization: Bearer dd_live_...`.");
    const caller = await authenticate(ctx.db, ctx.apiKey, policy);
    ctx.caller = caller;
    Object.assign(ctx.reply.headers, rateHeaders(policy, caller.rate.remaining, caller.rate.resetS));
    if (!caller.rate.allowed) throw new ApiError("rate_limited", `More than ${RATE_POLICIES[policy].quota} calls in ${RATE_POLICIES[policy].windowS} s.`, { retryAfterS: caller.rate.retryAfterS });
    if (!mayCallFrom(ctx.ip, caller.ipAllow)) throw new ApiError("forbidden", "This API key may not be used from this address.");
    if (!caller.scopes.includes(scope)) throw new ApiError("forbidden", `This needs a key with the scope ${scope}.`);
    return next({ ctx: { caller } });
  });
