import {
  createEndpoint,
  deleteEndpoint,
  endpointInputSchema,
  endpointPatchSchema,
  endpointSchema,
  getEndpoint,
  getMessage,
  idSchema,
  listEndpoints,
  listMessages,
  MESSAGE_STATES,
  messageSchema,
  newEndpointSchema,
  pageInputSchema,
  pageOf,
  pingEndpoint,
  redeliver,
  replayEndpoint,
  rotateEndpointSecret,
  updateEndpoint,
} from "@deadiff/schemas";
import { z } from "zod";
import { authed, router } from "../trpc.ts";

const oneEndpoint = z.strictObject({ id: idSchema("endpoint") });
const write = authed("webhooks:write", "write");
const read = authed("webhooks:write", "read");

const endpoints = router({
  create: write
    .meta({ rest: { method: "POST", path: "/webhook-endpoints", summary: "Add an address; a signed ping is sent to it", status: 201 }, scope: "webhooks:write" })
    .input(endpointInputSchema)
    .output(newEndpointSchema)
    .mutation(({ ctx, input }) => createEndpoint(ctx.db, ctx.caller.accountId, input)),

  list: read
    .meta({ rest: { method: "GET", path: "/webhook-endpoints", summary: "List webhook endpoints" }, scope: "webhooks:write" })
    .input(z.strictObject({}))
    .output(z.object({ data: z.array(endpointSchema) }))
    .query(async ({ ctx }) => ({ data: await listEndpoints(ctx.db, ctx.caller.accountId) })),

  get: read
    .meta({ rest: { method: "GET", path: "/webhook-endpoints/{id}", summary: "Read a webhook endpoint" }, scope: "webhooks:write" })
    .input(oneEndpoint)
    .output(endpointSchema)
    .query(({ ctx, input }) => getEndpoint(ctx.db, ctx.caller.accountId, input.id)),

  update: write
    .meta({ rest: { method: "PATCH", path: "/webhook-endpoints/{id}", summary: "Change, enable or disable a webhook endpoint" }, scope: "webhooks:write" })
    .input(endpointPatchSchema)
    .output(endpointSchema)
    .mutation(({ ctx, input }) => updateEndpoint(ctx.db, ctx.caller.accountId, input)),

  delete: write
    .meta({ rest: { method: "DELETE", path: "/webhook-endpoints/{id}", summary: "Delete a webhook endpoint; nothing more is sent to it", status: 200 }, scope: "webhooks:write" })
    .input(oneEndpoint)
    .output(z.object({ id: idSchema("endpoint"), object: z.literal("webhook_endpoint"), deleted: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await deleteEndpoint(ctx.db, ctx.caller.accountId, input.id);
      return { id: input.id, object: "webhook_endpoint", deleted: true };
    }),

  rotate: write
    .meta({ rest: { method: "POST", path: "/webhook-endpoints/{id}/rotate", summary: "Make a new signing secret; the old one signs beside it for a while", status: 200 }, scope: "webhooks:write" })
    .input(z.strictObject({ id: idSchema("endpoint"), overlap_s: z.int().min(0).max(7 * 24 * 3600).default(24 * 3600) }))
    .output(newEndpointSchema)
    .mutation(({ ctx, input }) => rotateEndpointSecret(ctx.db, ctx.caller.accountId, input.id, input.overlap_s)),

  test: write
    .meta({ rest: { method: "POST", path: "/webhook-endpoints/{id}/test", summary: "Send a signed ping", status: 202 }, scope: "webhooks:write" })
    .input(oneEndpoint)
    .output(messageSchema)
    .mutation(async ({ ctx, input }) => getMessage(ctx.db, ctx.caller.accountId, await pingEndpoint(ctx.db, ctx.caller.accountId, input.id))),

  replay: write
    .meta({ rest: { method: "POST", path: "/webhook-endpoints/{id}/replay", summary: "Send again what was not delivered since a moment", status: 202 }, scope: "webhooks:write" })
    .input(z.strictObject({ id: idSchema("endpoint"), since: z.iso.datetime({ offset: true }) }))
    .output(z.object({ object: z.literal("count"), count: z.int() }))
    .mutation(async ({ ctx, input }) => {
      await getEndpoint(ctx.db, ctx.caller.accountId, input.id);
      return { object: "count", count: await replayEndpoint(ctx.db, ctx.caller.accountId, input.id, input.since) };
    }),
});

const deliveries = router({
  list: read
    .meta({ rest: { method: "GET", path: "/webhook-deliveries", summary: "List deliveries and their attempts, newest first" }, scope: "webhooks:write" })
    .input(z.strictObject({ ...pageInputSchema.shape, endpoint: idSchema("endpoint").optional(), job: idSchema("job").optional(), state: z.enum(MESSAGE_STATES).optional() }))
    .output(pageOf(messageSchema))
    .query(({ ctx, input }) => listMessages(ctx.db, ctx.caller.accountId, input)),

  get: read
    .meta({ rest: { method: "GET", path: "/webhook-deliveries/{id}", summary: "Read a delivery" }, scope: "webhooks:write" })
    .input(z.strictObject({ id: idSchema("message") }))
    .output(messageSchema)
    .query(({ ctx, input }) => getMessage(ctx.db, ctx.caller.accountId, input.id)),

  redeliver: write
    .meta({ rest: { method: "POST", path: "/webhook-deliveries/{id}/redeliver", summary: "Send a delivery again: same id, same bytes", status: 202 }, scope: "webhooks:write" })
    .input(z.strictObject({ id: idSchema("message") }))
    .output(messageSchema)
    .mutation(({ ctx, input }) => redeliver(ctx.db, ctx.caller.accountId, input.id)),
});

export const webhooksRouter = router({ endpoints, deliveries });
