import { z } from "zod";
import { idSchema } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import { plainText } from "../text.ts";

/** What a reference gives to the picture. */
export const referenceMode = z.enum(["style", "content", "both"]);

/** See {@link referenceMode}. */
export type ReferenceMode = z.output<typeof referenceMode>;

const weight = z
  .number()
  .min(0)
  .max(4)
  .default(1)
  .meta({ description: "Share among the references; of one reference alone, how strongly it acts. 1 is the plain average." });
const mode = referenceMode.default("style").meta({ description: "What is taken: how it is drawn, what it shows, or both." });
const fit = z.enum(["stretch", "pad", "crop"]).default("stretch").meta({ description: "How a picture that is not square meets the encoder's square." });

const share = z.number().min(0).max(1);

// Sums of shares such as 0.1 + 0.9 may come out a rounding error above 1.
const within = (start: number, length: number): boolean => start + length <= 1 + 1e-9;

/** A part of a picture, in shares of its sides, the picture being upright. */
export const cropSchema = z
  .strictObject({ x: share, y: share, width: share.gt(0), height: share.gt(0) })
  .refine(({ x, width }) => within(x, width), { path: ["width"], message: "x + width may not exceed 1" })
  .refine(({ y, height }) => within(y, height), { path: ["height"], message: "y + height may not exceed 1" })
  .meta({ description: "The part that is used, in shares of the upright picture's sides from its top left; the whole picture when left out. It is cut before it is fitted." });

/** See {@link cropSchema}. */
export type Crop = z.output<typeof cropSchema>;

const crop = cropSchema.optional();

const imageReferenceSchema = z.strictObject({ image: idSchema("upload"), weight, mode, fit, crop });
const codeReferenceSchema = z.strictObject({ code: idSchema("code"), weight, mode });
const urlReferenceSchema = z.strictObject({ url: z.url({ protocol: /^https$/ }).max(2048), weight, mode, fit, crop });

/** What a style is made of: uploaded pictures, and codes of pictures that need not be there. */
export const styleReferenceSchema = z.union([imageReferenceSchema, codeReferenceSchema]);

/** See {@link styleReferenceSchema}. */
export type StyleReference = z.output<typeof styleReferenceSchema>;

/** A style's share in a blend. */
const shareSchema = z.strictObject({
  style: idSchema("style"),
  weight: z.number().min(0).max(4).default(1).meta({ description: "Share in the blend; the shares need not add up to 1." }),
});

/** Styles to mix, none of them twice and not all with nothing. */
export const blendSchema = z
  .array(shareSchema)
  .min(2)
  .max(4)
  .refine((shares) => new Set(shares.map(({ style }) => style)).size === shares.length, "the styles must be different ones")
  .refine((shares) => shares.some((share) => share.weight > 0), "one weight must be above 0");

const savedMode = referenceMode.optional().meta({ description: "What is taken; as the style says when left out." });
const savedReferenceSchema = z.strictObject({ style: idSchema("style"), weight, mode: savedMode });
const blendReferenceSchema = z.strictObject({ blend: blendSchema, weight, mode: savedMode });

/** A picture to follow (an upload, or an https address that is fetched when the job runs), a saved style, a blend of styles, or a code. */
export const referenceSchema = z.union([imageReferenceSchema, urlReferenceSchema, savedReferenceSchema, blendReferenceSchema, codeReferenceSchema]);

/** See {@link referenceSchema}. */
export type Reference = z.output<typeof referenceSchema>;

/** A style's references as they were when a job was made: read as one, their tokens mixed by weight. */
export interface StyleSnapshot {
  /** The styles, with the version that was used and their share. */
  readonly styles: readonly { readonly id: string; readonly version: number; readonly weight: number }[];
  readonly members: readonly StyleReference[];
  readonly weight: number;
  readonly mode: ReferenceMode;
}

/** A reference as a job keeps it: nothing in it can change any more. */
export type StoredReference = StyleReference | z.output<typeof urlReferenceSchema> | StyleSnapshot;

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
    preview_url: z.string().nullable().meta({ description: "A signed address of its first picture; null when it has none." }),
    version: z.int(),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: "Style" });

/** See {@link styleSchema}. */
export type Style = z.infer<typeof styleSchema>;

const naming = {
  name: plainText(100).min(1),
  description: plainText(1000).default(""),
  tags: z.array(plainText(40).min(1)).max(20).default([]),
};

/** What is chosen when a style is made. */
export const styleInputSchema = z.strictObject({ ...naming, references: z.array(styleReferenceSchema).min(1).max(LIMITS.referencesPerJob) });

/** See {@link styleInputSchema}. */
export type StyleInput = z.output<typeof styleInputSchema>;

/** A change of a style; what is left out stays. Only new references make a new version. */
export const stylePatchSchema = z.strictObject({
  id: idSchema("style"),
  name: naming.name.optional(),
  description: plainText(1000).optional(),
  tags: z.array(plainText(40).min(1)).max(20).optional(),
  references: z.array(styleReferenceSchema).min(1).max(LIMITS.membersPerJob).optional(),
});

/** See {@link stylePatchSchema}. */
export type StylePatch = z.output<typeof stylePatchSchema>;

/** A new style between others. */
export const styleBlendSchema = z.strictObject({ ...naming, styles: blendSchema });

/** A style from a code that somebody copied. */
export const styleImportSchema = z.strictObject({
  ...naming,
  code: z.string().min(1).max(2 * LIMITS.styleCodeBytes).meta({ description: "The code's text, as `styles.code` gives it, or its file in base64." }),
});

/**
 * A style's code: its tokens, good for the encoder that made it and no other. `text` can be copied to another account or to the
 * command line.
 */
export const styleCodeSchema = z
  .object({
    object: z.literal("style_code"),
    state: z.enum(["ready", "computing", "failed"]),
    style: idSchema("style"),
    style_version: z.int(),
    encoder: z.string().meta({ description: "SHA-256 of the encoder's weights: the code works with this one alone." }),
    job: idSchema("job").nullable().meta({ description: "The job that computes it, while it does." }),
    id: idSchema("code").nullable(),
    bytes: z.int().nullable(),
    sha256: z.string().nullable(),
    text: z.string().nullable().meta({ description: "The code in base64; decoded, it is the file." }),
    error: z.string().nullable(),
  })
  .meta({ id: "StyleCode" });

/** See {@link styleCodeSchema}. */
export type StyleCodeInfo = z.infer<typeof styleCodeSchema>;
