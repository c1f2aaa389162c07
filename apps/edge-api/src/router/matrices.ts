import { ApiError, cancelMatrix, createMatrixSchema, getMatrix, idSchema, listMatrices, matrixSchema, matrixSummarySchema, pageInputSchema, pageOf, type Id, type Matrix } from "@deadiff/schemas";
import { z } from "zod";
import type { Context } from "../context.ts";
import { outputSigner } from "../sign.ts";
import { authed, router } from "../trpc.ts";
import { createCells } from "./create-jobs.ts";
import { idempotencyKey } from "./jobs.ts";

const oneMatrix = z.strictObject({ id: idSchema("matrix") });

const read = async (ctx: Context, accountId: Id<"account">, id: Id<"matrix">): Promise<Matrix> =>
  getMatrix(ctx.db, accountId, id, outputSigner(ctx.services.store), await ctx.services.queuePlaces(ctx.db));

export const matricesRouter = router({
  create: authed("jobs:write", "create")
    .meta({ rest: { method: "POST", path: "/matrices", summary: "Queue every combination of references, prompts and strengths", headers: ["idempotency_key"], status: 202 }, scope: "jobs:write" })
    .input(createMatrixSchema.safeExtend({ idempotency_key: idempotencyKey }))
    .output(matrixSchema)
    .mutation(async ({ ctx, input: { idempotency_key, ...body } }) => {
      const { jobs } = await createCells(ctx, ctx.caller, idempotency_key, body);
      const id = jobs[0]?.matrix_id;
      if (id == null) throw new ApiError("idempotency_mismatch", "This idempotency key was used for a single job.");
      ctx.reply.headers["location"] = `/v1/matrices/${id}`;
      return read(ctx, ctx.caller.accountId, id);
    }),

  get: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/matrices/{id}", summary: "Read a matrix and all its cells" }, scope: "jobs:read" })
    .input(oneMatrix)
    .output(matrixSchema)
    .query(({ ctx, input }) => read(ctx, ctx.caller.accountId, input.id)),

  list: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/matrices", summary: "List matrices, newest first" }, scope: "jobs:read" })
    .input(z.strictObject(pageInputSchema.shape))
    .output(pageOf(matrixSummarySchema))
    .query(({ ctx, input }) => listMatrices(ctx.db, ctx.caller.accountId, input, outputSigner(ctx.services.store))),

  cancel: authed("jobs:write", "write")
    .meta({ rest: { method: "POST", path: "/matrices/{id}/cancel", summary: "Cancel the cells that have not ended", status: 200 }, scope: "jobs:write" })
    .input(oneMatrix)
    .output(matrixSchema)
    .mutation(async ({ ctx, input }) => {
      await cancelMatrix(ctx.db, ctx.caller.accountId, input.id);
      return read(ctx, ctx.caller.accountId, input.id);
    }),
});
