import {
  ApiError,
  createKey,
  eventSchema,
  getUsage,
  idSchema,
  keyInputSchema,
  keySchema,
  LIMITS,
  listEvents,
  listKeys,
  newKeySchema,
  presentJob,
  RATE_POLICIES,
  revokeKey,
  rollInputSchema,
  rollKey,
  usageSchema,
  type Caller,
  type Scope,
} from "@deadiff/schemas";
import { z } from "zod";
import { outputSigner } from "../sign.ts";
import { authed, router } from "../trpc.ts";

/** A key can hand on only what it may do itself. */
const requireOwnScopes = (caller: Caller, scopes: readonly Scope[]): void => {
  const beyond = scopes.filter((scope) => !caller.scopes.includes(scope));
  if (beyond.length > 0) throw new ApiError("forbidden", `This key does not have ${beyond.join(", ")} and cannot give it to another.`);
};

export const keysRouter = router({
  create: authed("keys:admin", "write")
    .meta({ rest: { method: "POST", path: "/keys", summary: "Make an API key; the secret is shown once", status: 201 }, scope: "keys:admin" })
    .input(keyInputSchema)
    .output(newKeySchema)
    .mutation(({ ctx, input }) => {
      requireOwnScopes(ctx.caller, input.scopes);
      return createKey(ctx.db, ctx.caller.accountId, input);
    }),

  list: authed("keys:admin", "read")
    .meta({ rest: { method: "GET", path: "/keys", summary: "List API keys" }, scope: "keys:admin" })
    .input(z.strictObject({}))
    .output(z.object({ data: z.array(keySchema) }))
    .query(async ({ ctx }) => ({ data: await listKeys(ctx.db, ctx.caller.accountId) })),

  revoke: authed("keys:admin", "write")
    .meta({ rest: { method: "DELETE", path: "/keys/{id}", summary: "Revoke an API key at once", status: 200 }, scope: "keys:admin" })
    .input(z.strictObject({ id: idSchema("key") }))
    .output(keySchema)
    .mutation(({ ctx, input }) => revokeKey(ctx.db, ctx.caller.accountId, input.id)),

  roll: authed("keys:admin", "write")
    .meta({ rest: { method: "POST", path: "/keys/{id}/roll", summary: "Replace an API key; the old one works on for a while", status: 201 }, scope: "keys:admin" })
    .input(rollInputSchema)
    .output(newKeySchema)
    .mutation(async ({ ctx, input }) => {
      const old = (await listKeys(ctx.db, ctx.caller.accountId)).find(({ id }) => id === input.id);
      if (old !== undefined) requireOwnScopes(ctx.caller, old.scopes);
      return rollKey(ctx.db, ctx.caller.accountId, input.id, input.overlap_s);
    }),
});

export const usageRouter = router({
  get: authed("billing:read", "read")
    .meta({ rest: { method: "GET", path: "/usage", summary: "Credits and jobs of the last 30 days" }, scope: "billing:read" })
    .input(z.strictObject({}))
    .output(usageSchema)
    .query(({ ctx }) => getUsage(ctx.db, ctx.caller.accountId)),
});

export const limitsRouter = router({
  get: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/limits", summary: "The limits that apply to this key" }, scope: "jobs:read" })
    .input(z.strictObject({}))
    .output(
      z.object({
        object: z.literal("limits"),
        rates: z.array(z.object({ name: z.string(), quota: z.int(), window_s: z.int() })),
        limits: z.record(z.string(), z.number()),
      }),
    )
    .query(() => ({
      object: "limits" as const,
      rates: Object.values(RATE_POLICIES).map(({ name, quota, windowS }) => ({ name, quota, window_s: windowS })),
      limits: { ...LIMITS },
    })),
});

export const eventsRouter = router({
  list: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/events", summary: "What happened, oldest first: the way to catch up on missed webhooks" }, scope: "jobs:read" })
    .input(z.strictObject({ limit: z.int().min(1).max(100).default(50), after: z.string().max(60).optional() }))
    .output(z.object({ data: z.array(eventSchema), next_after: z.string().nullable() }))
    .query(async ({ ctx, input }) => {
      const found = await listEvents(ctx.db, ctx.caller.accountId, input);
      const sign = outputSigner(ctx.services.store);
      const data = await Promise.all(found.map(async ({ cursor, type, at, job }) => ({ cursor, type, at, data: await presentJob(job, sign) })));
      return { data, next_after: data.at(-1)?.cursor ?? input.after ?? null };
    }),
});
