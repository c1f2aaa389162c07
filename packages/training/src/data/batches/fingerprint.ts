import { createHash } from "node:crypto";
import type { PairOptions } from "../pairs.ts";
import { createScratch } from "../pixels/scratch.ts";
import type { Part, View } from "../view.ts";
import { pairPixels, paintPairs } from "./paint.ts";

/** Pairs that are painted: enough for most treatments and hands to be among them, few enough for a tenth of a second. */
const PAIRS = 64;

/**
 * SHA-256 of the first pictures of a seed in uint8: changes when the data, the samplers or the treatments do. A dataset's
 * hash tells of its clean drawings alone; a run that resumes needs both to see what it saw before.
 */
export function fingerprintOf<P extends Part>(view: View<P>, seed: number, options: PairOptions = {}): string {
  const { size } = view.pixels;
  const pixels = pairPixels(PAIRS, size, options);
  paintPairs(view, seed, 0, options, createScratch(size), pixels);
  const hash = createHash("sha256");
  for (const picture of [pixels.reference, pixels.target]) hash.update(Uint8Array.from(picture, (signed) => Math.round((signed + 1) * 127.5)));
  return hash.digest("hex");
}
