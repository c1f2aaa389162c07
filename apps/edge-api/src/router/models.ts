import { getModel, LIMITS, listModels, modelSchema } from "@deadiff/schemas";
import { z } from "zod";
import { authed, router } from "../trpc.ts";

export const modelsRouter = router({
  get: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/model", summary: "What the model that jobs run on can do: its words, sizes, samplers, presets, and the limits" }, scope: "jobs:read" })
    .input(z.strictObject({}))
    .output(modelSchema.extend({ limits: z.record(z.string(), z.number()) }))
    .query(async ({ ctx }) => ({ ...(await getModel(ctx.db)), limits: { ...LIMITS } })),

  list: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/models", summary: "The models that workers serve, newest first" }, scope: "jobs:read" })
    .input(z.strictObject({}))
    .output(z.object({ data: z.array(modelSchema) }))
    .query(async ({ ctx }) => ({ data: await listModels(ctx.db) })),
});
