import { ApiError, completeUpload, createUpload, deleteUpload, getUpload, idSchema, LIMITS, listUploads, pageInputSchema, pageOf, uploadInputSchema, uploadSchema, uploadTicketSchema, type Upload, type UploadRow } from "@deadiff/schemas";
import { z } from "zod";
import type { Context } from "../context.ts";
import { authed, router } from "../trpc.ts";
import { inspectUpload } from "./inspect-upload.ts";

const oneUpload = z.strictObject({ id: idSchema("upload") });

const hexToBase64 = (hex: string): string => btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))));

const show = async (ctx: Context, row: UploadRow): Promise<Upload> => ({
  id: row.id,
  object: "upload",
  state: row.state,
  content_type: row.content_type,
  bytes: row.bytes,
  sha256: row.sha256,
  width: row.width,
  height: row.height,
  reason: row.reason,
  created_at: new Date(row.created_at).toISOString(),
  url: row.state === "ready" ? (await ctx.services.store.signGet(row.object_key, LIMITS.outputUrlHours * 3600)).url : null,
});

export const uploadsRouter = router({
  create: authed("uploads:write", "write")
    .meta({ rest: { method: "POST", path: "/uploads", summary: "Announce a picture and get an address to send it to", status: 201 }, scope: "uploads:write" })
    .input(uploadInputSchema)
    .output(uploadTicketSchema)
    .mutation(async ({ ctx, input }) => {
      const row = await createUpload(ctx.db, ctx.caller.accountId, input);
      // Every one of these is signed: the store takes these bytes, as this type, once.
      const headers = { "content-type": input.content_type, "if-none-match": "*", "x-amz-checksum-sha256": hexToBase64(input.sha256) };
      const put = await ctx.services.store.signPut(row.object_key, { ...headers, "content-length": String(input.bytes) }, LIMITS.uploadUrlMinutes * 60);
      return { ...(await show(ctx, row)), put: { url: put.url, headers, expires_at: put.expiresAt } };
    }),

  complete: authed("uploads:write", "write")
    .meta({ rest: { method: "POST", path: "/uploads/{id}/complete", summary: "Say that the picture was sent; it is checked", status: 200 }, scope: "uploads:write" })
    .input(oneUpload)
    .output(uploadSchema)
    .mutation(async ({ ctx, input }) => {
      const upload = await getUpload(ctx.db, ctx.caller.accountId, input.id);
      if (upload.state !== "pending") return show(ctx, upload);
      const finding = await inspectUpload(ctx.services.store, upload);
      if (finding === undefined) throw new ApiError("conflict", `Nothing was sent to upload ${input.id} yet.`);
      return show(ctx, await completeUpload(ctx.db, ctx.caller.accountId, input.id, finding));
    }),

  get: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/uploads/{id}", summary: "Read an upload" }, scope: "jobs:read" })
    .input(oneUpload)
    .output(uploadSchema)
    .query(async ({ ctx, input }) => show(ctx, await getUpload(ctx.db, ctx.caller.accountId, input.id))),

  list: authed("jobs:read", "read")
    .meta({ rest: { method: "GET", path: "/uploads", summary: "List ready uploads, newest first" }, scope: "jobs:read" })
    .input(z.strictObject(pageInputSchema.shape))
    .output(pageOf(uploadSchema))
    .query(async ({ ctx, input }) => {
      const page = await listUploads(ctx.db, ctx.caller.accountId, input);
      return { ...page, data: await Promise.all(page.data.map((row) => show(ctx, row))) };
    }),

  delete: authed("uploads:write", "write")
    .meta({ rest: { method: "DELETE", path: "/uploads/{id}", summary: "Delete an upload", status: 200 }, scope: "uploads:write" })
    .input(oneUpload)
    .output(z.object({ id: idSchema("upload"), object: z.literal("upload"), deleted: z.literal(true) }))
    .mutation(async ({ ctx, input }) => {
      await ctx.services.store.remove(await deleteUpload(ctx.db, ctx.caller.accountId, input.id));
      return { id: input.id, object: "upload", deleted: true };
    }),
});
