import { ApiError, cancelMatrix, createMatrixSchema, getMatrix, idSchema, matrixSchema } from "@deadiff/schemas";
import { z } from "zod";
import { outputSigner } from "../sign.ts";
import { authed, router } from "../trpc.ts";
import { createCells } from "./create-jobs.ts";
import { idempotencyKey } from "./jobs.ts";

const oneMatrix = z.strictObject({ id: idSchema("matrix") });

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
      return getMatrix(ctx.db, ctx.caller.accountId, id, outputSigner(ctx.services.store));
    }),

  get: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/matrices/{id}", summary: "Read a matrix and all its cells" }, scope: "jobs:read" })
    .input(oneMatrix)
    .output(matrixSchema)
    .query(({ ctx, input }) => getMatrix(ctx.db, ctx.caller.accountId, input.id, outputSigner(ctx.services.store))),

  cancel: authed("jobs:write", "write")
    .meta({ rest: { method: "POST", path: "/matrices/{id}/cancel", summary: "Cancel the cells that have not ended", status: 200 }, scope: "jobs:write" })
    .input(oneMatrix)
    .output(matrixSchema)
    .mutation(async ({ ctx, input }) => {
      await cancelMatrix(ctx.db, ctx.caller.accountId, input.id);
      return getMatrix(ctx.db, ctx.caller.accountId, input.id, outputSigner(ctx.services.store));
    }),
});
