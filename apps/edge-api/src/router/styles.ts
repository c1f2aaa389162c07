import { createStyle, deleteStyle, getStyle, idSchema, listStyles, pageInputSchema, pageOf, styleInputSchema, styleSchema, updateStyle } from "@deadiff/schemas";
import { z } from "zod";
import { authed, router } from "../trpc.ts";

const oneStyle = z.strictObject({ id: idSchema("style") });

export const stylesRouter = router({
  create: authed("styles:write", "write")
    .meta({ rest: { method: "POST", path: "/styles", summary: "Keep references as a named style", status: 201 }, scope: "styles:write" })
    .input(styleInputSchema)
    .output(styleSchema)
    .mutation(({ ctx, input }) => createStyle(ctx.db, ctx.caller.accountId, input)),

  get: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/styles/{id}", summary: "Read a style" }, scope: "jobs:read" })
    .input(oneStyle)
    .output(styleSchema)
    .query(({ ctx, input }) => getStyle(ctx.db, ctx.caller.accountId, input.id)),

  list: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/styles", summary: "List the styles that can be used, newest first" }, scope: "jobs:read" })
    .input(z.strictObject(pageInputSchema.shape))
    .output(pageOf(styleSchema))
    .query(({ ctx, input }) => listStyles(ctx.db, ctx.caller.accountId, input)),

  update: authed("styles:write", "write")
    .meta({ rest: { method: "PUT", path: "/styles/{id}", summary: "Replace a style; its version grows" }, scope: "styles:write" })
    .input(styleInputSchema.safeExtend({ id: idSchema("style") }))
    .output(styleSchema)
    .mutation(({ ctx, input: { id, ...style } }) => updateStyle(ctx.db, ctx.caller.accountId, id, style)),

  delete: authed("styles:write", "write")
    .meta({ rest: { method: "DELETE", path: "/styles/{id}", summary: "Delete a style", status: 200 }, scope: "styles:write" })
    .input(oneStyle)
    .output(z.object({ id: idSchema("style"), object: z.literal("style"), deleted: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await deleteStyle(ctx.db, ctx.caller.accountId, input.id);
      return { id: input.id, object: "style", deleted: true };
    }),
});
