import { z } from "zod";
import { HAND_IDS, type HandId } from "../hands.ts";

const handSchema = z.enum(HAND_IDS as [HandId, ...HandId[]]);

const subjectSchema = z.strictObject({
  hexcode: z.string(),
  name: z.string(),
  phrases: z.array(z.string()).min(1).readonly(),
  tags: z.array(z.string()).readonly(),
  group: z.string(),
  subgroup: z.string(),
  start: z.boolean(),
});

/** `index.json`: what each picture of the shards shows. */
export const indexSchema = z.strictObject({
  /** Side of the pictures in pixels; a picture is side * side * 4 bytes, RGBA with straight alpha. */
  side: z.int().positive(),
  subjects: z.array(subjectSchema),
  /** In the order of the shards: the index of the subject, the hand, and the icon's name in the hand's set. */
  pictures: z.array(z.strictObject({ subject: z.int().nonnegative(), hand: handSchema, icon: z.string() })),
  shards: z.array(z.strictObject({ file: z.string(), pictures: z.int().positive() })),
});

/** `split.json`: what training never sees. */
export const splitSchema = z.strictObject({
  seed: z.int(),
  heldOutHands: z.array(handSchema),
  heldOutTreatments: z.array(z.string()),
  /** Indices of pictures of the other hands. */
  heldOutPictures: z.array(z.int().nonnegative()),
});

/** `manifest.json`: the identity of a dataset. Its own SHA-256 stands for all of it. */
export const manifestSchema = z.strictObject({
  format: z.literal("deadiff-pictures"),
  version: z.literal(1),
  name: z.string(),
  seed: z.int(),
  counts: z.strictObject({
    subjects: z.int(),
    startSubjects: z.int(),
    pictures: z.int(),
    byHand: z.partialRecord(handSchema, z.int()),
    bySubjectGroup: z.record(z.string(), z.int()),
  }),
  licences: z.array(
    z.strictObject({
      hand: handSchema,
      package: z.string(),
      title: z.string(),
      author: z.string(),
      source: z.string(),
      spdx: z.string(),
      licence: z.string(),
    }),
  ),
  /** Every other file of the folder. */
  files: z.record(z.string(), z.strictObject({ bytes: z.int(), sha256: z.string().length(64) })),
});

/** See `indexSchema`. */
export type Index = z.infer<typeof indexSchema>;
/** See `splitSchema`. */
export type SplitFile = z.infer<typeof splitSchema>;
/** See `manifestSchema`. */
export type Manifest = z.infer<typeof manifestSchema>;
