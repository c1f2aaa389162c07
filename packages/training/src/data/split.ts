import type { SplitFile } from "./dataset/format.ts";
import { HAND_IDS, type HandId } from "./hands.ts";
import { randomStream } from "./random.ts";
import type { TreatmentId } from "./treatments/table.ts";

/** Hands that training never sees. */
const HELD_OUT_HANDS: readonly HandId[] = ["fxemoji", "emojione-v1"];

/** Treatments that training never sees: one of lines, one of tone, one of pieces, one of ground. */
const HELD_OUT_TREATMENTS: readonly TreatmentId[] = ["blueprint", "sepia", "stained-glass", "long-shadow"];

/** Share of the (subject, hand) cells of the other hands that training never sees. */
const HELD_OUT_CELLS = 0.1;

/** Divides pictures into seen and never seen. Whether a cell is held out depends on the seed and on the cell alone. */
export function makeSplit(seed: number, pictures: readonly { hexcode: string; hand: HandId }[]): SplitFile {
  const heldOutPictures = pictures.flatMap(({ hexcode, hand }, index) => {
    if (HELD_OUT_HANDS.includes(hand)) return [];
    const path = [HAND_IDS.indexOf(hand), ...hexcode.split("-").map((code) => Number.parseInt(code, 16))];
    return randomStream(seed, ...path)() < HELD_OUT_CELLS ? [index] : [];
  });
  return { seed, heldOutHands: [...HELD_OUT_HANDS], heldOutTreatments: [...HELD_OUT_TREATMENTS], heldOutPictures };
}
