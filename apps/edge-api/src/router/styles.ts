import { blendStyles, createStyle, deleteStyle, getStyle, idSchema, LIMITS, listStyles, pageInputSchema, pageOf, plainText, styleBlendSchema, styleCodeSchema, styleImportSchema, styleInputSchema, stylePatchSchema, styleSchema, updateStyle } from "@deadiff/schemas";
import { z } from "zod";
import { outputSigner } from "../sign.ts";
import { authed, router } from "../trpc.ts";
import { codeOfStyle, importStyle } from "./style-codes.ts";

const oneStyle = z.strictObject({ id: idSchema("style") });

export const stylesRouter = router({
  create: authed("styles:write", "write")
    .meta({ rest: { method: "POST", path: "/styles", summary: "Keep references as a named style", status: 201 }, scope: "styles:write" })
    .input(styleInputSchema)
    .output(styleSchema)
    .mutation(({ ctx, input }) => createStyle(ctx.db, ctx.caller.accountId, input, outputSigner(ctx.services.store))),

  get: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/styles/{id}", summary: "Read a style" }, scope: "jobs:read" })
    .input(oneStyle)
    .output(styleSchema)
    .query(({ ctx, input }) => getStyle(ctx.db, ctx.caller.accountId, input.id, outputSigner(ctx.services.store))),

  list: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/styles", summary: "List the styles that can be used, newest first" }, scope: "jobs:read" })
    .input(
      z.strictObject({
        ...pageInputSchema.shape,
        search: plainText(200).optional().meta({ description: "Text that the name, the description or a tag holds." }),
        tag: plainText(40).optional(),
        owned: z.boolean().optional().meta({ description: "true: only the account's own; false: only those offered to everyone." }),
      }),
    )
    .output(pageOf(styleSchema))
    .query(({ ctx, input }) => listStyles(ctx.db, ctx.caller.accountId, input, outputSigner(ctx.services.store))),

  update: authed("styles:write", "write")
    .meta({ rest: { method: "PATCH", path: "/styles/{id}", summary: "Rename, tag or change a style; new references make a new version" }, scope: "styles:write" })
    .input(stylePatchSchema)
    .output(styleSchema)
    .mutation(({ ctx, input }) => updateStyle(ctx.db, ctx.caller.accountId, input, outputSigner(ctx.services.store))),

  delete: authed("styles:write", "write")
    .meta({ rest: { method: "DELETE", path: "/styles/{id}", summary: "Delete a style", status: 200 }, scope: "styles:write" })
    .input(oneStyle)
    .output(z.object({ id: idSchema("style"), object: z.literal("style"), deleted: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await deleteStyle(ctx.db, ctx.caller.accountId, input.id);
      return { id: input.id, object: "style", deleted: true };
    }),

  blend: authed("styles:write", "write")
    .meta({ rest: { method: "POST", path: "/styles/blend", summary: "Keep a style between others, by weight", status: 201 }, scope: "styles:write" })
    .input(styleBlendSchema)
    .output(styleSchema)
    .mutation(({ ctx, input }) => blendStyles(ctx.db, ctx.caller.accountId, input, outputSigner(ctx.services.store))),

  code: authed("styles:write", "create")
    .meta({ rest: { method: "POST", path: "/styles/{id}/code", summary: "The style's code for the served model; computed by a free job when it is first asked for", headers: ["wait_s"], status: 200 }, scope: "styles:write" })
    .input(z.strictObject({ ...oneStyle.shape, wait_s: z.int().min(0).max(LIMITS.longPollS).default(0).meta({ description: "Seconds to wait for the code. REST: `Prefer: wait=N`." }) }))
    .output(styleCodeSchema)
    .mutation(({ ctx, input }) => codeOfStyle(ctx, ctx.caller, input.id, input.wait_s)),

  import: authed("styles:write", "write")
    .meta({ rest: { method: "POST", path: "/styles/import", summary: "Keep a copied style code as a style", status: 201 }, scope: "styles:write" })
    .input(styleImportSchema)
    .output(styleSchema)
    .mutation(({ ctx, input }) => importStyle(ctx, ctx.caller, input)),
});
