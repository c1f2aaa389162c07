import { deletePicture, getPicture, getSharedPicture, idSchema, listPictures, markFavourite, pageInputSchema, pageOf, pictureDetailSchema, pictureSchema, plainText, referenceMode, sharedPictureSchema, sharePicture, shareToken, unsharePicture } from "@deadiff/schemas";
import { z } from "zod";
import { outputSigner } from "../sign.ts";
import { authed, router, unsigned } from "../trpc.ts";

const onePicture = z.strictObject({ id: idSchema("picture") });

/** 192 random bits, as an address holds them. */
const newToken = (): string => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24)))).replaceAll("+", "-").replaceAll("/", "_");

export const picturesRouter = router({
  list: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/pictures", summary: "List pictures, newest first" }, scope: "jobs:read" })
    .input(
      z.strictObject({
        ...pageInputSchema.shape,
        search: plainText(200).optional().meta({ description: "Words that the prompt holds, in any order." }),
        style: idSchema("style").optional(),
        mode: z.enum([...referenceMode.options, "none"]).optional().meta({ description: "What references were used for; `none`: pictures without references." }),
        favourite: z.boolean().optional(),
        shared: z.boolean().optional(),
        job: idSchema("job").optional(),
        matrix: idSchema("matrix").optional(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hexadecimal digits").optional().meta({ description: "The picture whose file this is." }),
      }),
    )
    .output(pageOf(pictureSchema))
    .query(({ ctx, input }) => listPictures(ctx.db, ctx.caller.accountId, input, outputSigner(ctx.services.store))),

  get: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/pictures/{id}", summary: "Read a picture with everything that made it" }, scope: "jobs:read" })
    .input(onePicture)
    .output(pictureDetailSchema)
    .query(({ ctx, input }) => getPicture(ctx.db, ctx.caller.accountId, input.id, outputSigner(ctx.services.store))),

  favourite: authed("jobs:write", "write")
    .meta({ rest: { method: "POST", path: "/pictures/{id}/favourite", summary: "Mark a picture as a favourite, or no longer", status: 200 }, scope: "jobs:write" })
    .input(z.strictObject({ ...onePicture.shape, favourite: z.boolean().default(true) }))
    .output(pictureDetailSchema)
    .mutation(async ({ ctx, input }) => {
      await markFavourite(ctx.db, ctx.caller.accountId, input.id, input.favourite);
      return getPicture(ctx.db, ctx.caller.accountId, input.id, outputSigner(ctx.services.store));
    }),

  share: authed("jobs:write", "write")
    .meta({ rest: { method: "POST", path: "/pictures/{id}/share", summary: "Give a picture a link that shows it to whoever has it", status: 200 }, scope: "jobs:write" })
    .input(onePicture)
    .output(pictureDetailSchema)
    .mutation(async ({ ctx, input }) => {
      await sharePicture(ctx.db, ctx.caller.accountId, input.id, newToken());
      return getPicture(ctx.db, ctx.caller.accountId, input.id, outputSigner(ctx.services.store));
    }),

  unshare: authed("jobs:write", "write")
    .meta({ rest: { method: "POST", path: "/pictures/{id}/unshare", summary: "Revoke a picture's link", status: 200 }, scope: "jobs:write" })
    .input(onePicture)
    .output(pictureDetailSchema)
    .mutation(async ({ ctx, input }) => {
      await unsharePicture(ctx.db, ctx.caller.accountId, input.id);
      return getPicture(ctx.db, ctx.caller.accountId, input.id, outputSigner(ctx.services.store));
    }),

  delete: authed("jobs:write", "write")
    .meta({ rest: { method: "DELETE", path: "/pictures/{id}", summary: "Delete a picture", status: 200 }, scope: "jobs:write" })
    .input(onePicture)
    .output(z.object({ id: idSchema("picture"), object: z.literal("picture"), deleted: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await ctx.services.store.remove(await deletePicture(ctx.db, ctx.caller.accountId, input.id));
      return { id: input.id, object: "picture", deleted: true };
    }),
});

export const sharedRouter = router({
  get: unsigned
    .meta({ rest: { method: "GET", path: "/shared/{token}", summary: "The picture that a share link shows; needs no key" } })
    .input(z.strictObject({ token: shareToken }))
    .output(sharedPictureSchema)
    .query(({ ctx, input }) => getSharedPicture(ctx.db, input.token, outputSigner(ctx.services.store))),
});
