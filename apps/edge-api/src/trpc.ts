import { ApiError, countCall, RATE_POLICIES, type RateDecision, type RatePolicyName, type Scope } from "@deadiff/schemas";
import { initTRPC } from "@trpc/server";
import ipaddr from "ipaddr.js";
import { identify } from "./auth/caller.ts";
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

/** Tells a call's limit in the RateLimit fields of draft-ietf-httpapi-ratelimit-headers, and ends a call beyond it. */
export const obeyRate = (ctx: Context, policyName: RatePolicyName, rate: RateDecision): void => {
  const policy = RATE_POLICIES[policyName];
  ctx.reply.headers["ratelimit-policy"] = `"${policy.name}";q=${policy.quota};w=${policy.windowS}`;
  ctx.reply.headers["ratelimit"] = `"${policy.name}";r=${rate.remaining};t=${rate.resetS}`;
  if (!rate.allowed) throw new ApiError("rate_limited", `More than ${policy.quota} calls in ${policy.windowS} s.`, { retryAfterS: rate.retryAfterS });
};

/** Adds a limit of room, which has no window and is used up, to the RateLimit fields. */
export const tellQuota = ({ reply: { headers } }: Context, { name, max }: { readonly name: string; readonly max: number }): void => {
  const add = (field: string, item: string): void => {
    headers[field] = headers[field] === undefined ? item : `${headers[field]}, ${item}`;
  };
  add("ratelimit-policy", `"${name}";q=${max}`);
  add("ratelimit", `"${name}";r=0`);
};

/** A procedure for callers (a key, somebody signed in, the local account) that have `scope`; each call counts against `policy`. */
export const authed = (scope: Scope, policy: RatePolicyName) =>
  open.meta({ scope }).use(async ({ ctx, next }) => {
    const identity = await identify(ctx, policy);
    if (identity === undefined) throw new ApiError("unauthenticated", "Send an API key as `Authorization: Bearer dd_live_...`, or sign in.");
    const { caller } = identity;
    ctx.caller = caller;
    obeyRate(ctx, policy, caller.rate);
    if (!mayCallFrom(ctx.ip, caller.ipAllow)) throw new ApiError("forbidden", "This API key may not be used from this address.");
    if (!caller.scopes.includes(scope)) throw new ApiError("forbidden", `This needs a key with the scope ${scope}.`);
    return next({ ctx: { caller } });
  });

/** A procedure for everybody, counted by address. */
export const unsigned = open.use(async ({ ctx, next }) => {
  obeyRate(ctx, "public", await countCall(ctx.db, `ip:${ctx.ip ?? "unknown"}`, "public"));
  return next();
});
