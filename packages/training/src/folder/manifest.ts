import { createHash } from "node:crypto";
import { readFile, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { DeadiffError } from "@deadiff/core";
import { z } from "zod";

/** The file that describes a paired folder. */
export const PAIRS_FILE = "pairs.json";

const words = z.string().trim().min(1).max(500);

const pairsSchema = z.strictObject({
  format: z.literal("deadiff-pairs"),
  formatVersion: z.literal(1),
  pictures: z.array(z.strictObject({
    /** Path below the folder: PNG, JPEG or WebP. */
    file: z.string().min(1),
    /** What it shows, as a prompt would say it: `a fox`. Pictures of one subject have the same words. */
    subject: words,
    /** How it is drawn: `watercolour`. Pictures of one style have the same words. */
    style: words,
    /** Subject and style in one sentence; `subject, style` when left out. */
    caption: words.optional(),
  })).min(2),
});

/** One picture of a paired folder. */
export type FolderPicture = { readonly path: string; readonly subject: string; readonly style: string; readonly caption: string };

/** A paired folder: its pictures, and the SHA-256 of its description. */
export type FolderPairs = { readonly pictures: readonly FolderPicture[]; readonly hash: string };

/**
 * Reads a folder of pictures with captions.
 *
 * @throws DeadiffError `pairs_missing` without a description, `pairs_invalid` where it or a file is at fault, `pairs_too_few`
 * where no style has two subjects or no subject two styles: the method learns from just these
 */
export async function readPairs(folder: string): Promise<FolderPairs> {
  const path = join(folder, PAIRS_FILE);
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new DeadiffError("pairs_missing", `${folder} has no ${PAIRS_FILE}: docs/training.md shows one`, { cause });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DeadiffError("pairs_invalid", `${path} is not JSON`, { cause });
  }
  const parsed = pairsSchema.safeParse(value);
  if (!parsed.success) throw new DeadiffError("pairs_invalid", `${path} does not describe pictures:\n${z.prettifyError(parsed.error)}`);
  const root = await realpath(folder);
  const pictures: FolderPicture[] = [];
  for (const { file, subject, style, caption } of parsed.data.pictures) {
    const found = await realpath(join(folder, file)).catch((cause: unknown) => {
      throw new DeadiffError("pairs_invalid", `${path} names ${file}, which is not there`, { cause });
    });
    if (!found.startsWith(root + sep)) throw new DeadiffError("pairs_invalid", `${path} names ${file}, which lies outside the folder`);
    pictures.push({ path: found, subject, style, caption: caption ?? `${subject}, ${style}` });
  }
  requirePairs(pictures, path);
  return { pictures, hash: createHash("sha256").update(text).digest("hex") };
}

function requirePairs(pictures: readonly FolderPicture[], path: string): void {
  const several = (by: "subject" | "style", of: "subject" | "style"): boolean =>
    [...Map.groupBy(pictures, (picture) => picture[by]).values()].some((group) => new Set(group.map((picture) => picture[of])).size > 1);
  if (!several("style", "subject")) throw new DeadiffError("pairs_too_few", `${path}: no style has pictures of two subjects, which is what style is learnt from`);
  if (!several("subject", "style")) throw new DeadiffError("pairs_too_few", `${path}: no subject has pictures in two styles, which is what content is learnt from`);
}
