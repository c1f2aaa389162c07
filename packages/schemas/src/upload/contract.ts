import { z } from "zod";
import { idSchema } from "../ids.ts";
import { LIMITS } from "../limits.ts";

/** The picture formats that are accepted. */
export const IMAGE_TYPES = ["image/jpeg", "image/png", "image/webp"] as const;

/** One of {@link IMAGE_TYPES}. */
export type ImageType = (typeof IMAGE_TYPES)[number];

/** `pending` until completed; `rejected` when the object was not what was announced. */
export type UploadState = "pending" | "ready" | "rejected";

const moment = z.iso.datetime({ offset: true });

/** What is announced before a picture is sent. The address given back accepts exactly this. */
export const uploadInputSchema = z.strictObject({
  content_type: z.enum(IMAGE_TYPES),
  bytes: z.int().min(1).max(LIMITS.uploadBytes),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hexadecimal digits in lower case"),
});

/** See {@link uploadInputSchema}. */
export type UploadInput = z.output<typeof uploadInputSchema>;

/** An uploaded picture. */
export const uploadSchema = z
  .object({
    id: idSchema("upload"),
    object: z.literal("upload"),
    state: z.enum(["pending", "ready", "rejected"]),
    content_type: z.enum(IMAGE_TYPES),
    bytes: z.int(),
    sha256: z.string(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    reason: z.string().nullable(),
    created_at: moment,
    url: z.string().nullable().meta({ description: "A signed address to read it from, once ready." }),
  })
  .meta({ id: "Upload" });

/** See {@link uploadSchema}. */
export type Upload = z.infer<typeof uploadSchema>;

/** A promised upload with the address to send it to. */
export const uploadTicketSchema = uploadSchema.extend({
  put: z.object({
    url: z.string(),
    headers: z.record(z.string(), z.string()).meta({ description: "Send these exactly; they are signed." }),
    expires_at: moment,
  }),
});
