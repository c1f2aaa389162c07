import { z } from "zod";
import { idSchema } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import { plainText } from "../text.ts";

/** What a reference gives to the picture. */
export const referenceMode = z.enum(["style", "content", "both"]);

const influence = {
  weight: z.number().min(0).max(4).default(1).meta({ description: "Share among the references; 1 is the plain average." }),
  mode: referenceMode.default("style").meta({ description: "What is taken: how it is drawn, what it shows, or both." }),
  fit: z.enum(["stretch", "pad", "crop"]).default("stretch").meta({ description: "How a picture that is not square meets the encoder's square." }),
};

/** A reference that is an uploaded picture. */
export const styleReferenceSchema = z.strictObject({ image: idSchema("upload"), ...influence });

/** See {@link styleReferenceSchema}. */
export type StyleReference = z.output<typeof styleReferenceSchema>;

/** A reference that is fetched from the web when the job runs. */
const urlReferenceSchema = z.strictObject({ url: z.url({ protocol: /^https$/ }).max(2048), ...influence });

/** A picture to follow: an upload, or an https address. */
export const referenceSchema = z.union([styleReferenceSchema, urlReferenceSchema]);

/** See {@link referenceSchema}. */
export type Reference = z.output<typeof referenceSchema>;

const moment = z.iso.datetime({ offset: true });

/** A named set of references. */
export const styleSchema = z
  .object({
    id: idSchema("style"),
    object: z.literal("style"),
    owned: z.boolean().meta({ description: "False for the styles offered to everyone." }),
    name: z.string(),
    description: z.string(),
    tags: z.array(z.string()),
    references: z.array(styleReferenceSchema),
    version: z.int(),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: "Style" });

/** See {@link styleSchema}. */
export type Style = z.infer<typeof styleSchema>;

/** What is chosen when a style is made. */
export const styleInputSchema = z.strictObject({
  name: plainText(100).min(1),
  description: plainText(1000).default(""),
  tags: z.array(plainText(40).min(1)).max(20).default([]),
  references: z.array(styleReferenceSchema).min(1).max(LIMITS.referencesPerJob),
});

/** See {@link styleInputSchema}. */
export type StyleInput = z.output<typeof styleInputSchema>;
