import type { Dataset } from "../data/dataset/read.ts";
import { HAND_IDS } from "../data/hands.ts";
import { pick, randomStream } from "../data/random.ts";
import { drawStyle } from "../data/style.ts";
import type { Style } from "../data/style.ts";
import { TREATMENT_IDS } from "../data/treatments/table.ts";
import { viewOf } from "../data/view.ts";
import type { Judge } from "../judge/open-judge.ts";
import { paintPictures } from "./paint.ts";

/** A style's place among all: its hand and treatment. */
export const styleName = ({ hand, treatment }: Pick<Style, "hand" | "treatment">): string => `${hand} ${treatment}`;

/**
 * Every hand in every treatment, held-out ones included, with parameters drawn once: the mean embedding of real pictures
 * in that style, and those pictures' features.
 */
export type StyleIndex = { readonly names: readonly string[]; readonly centres: readonly Float32Array[]; readonly features: readonly Float32Array[] };

/** Looks at `each` real pictures of every style. */
export async function indexStyles(dataset: Dataset, judge: Pick<Judge, "look">, { seed, each }: { seed: number; each: number }): Promise<StyleIndex> {
  const { hands } = viewOf(dataset, "everything");
  const names: string[] = [], centres: Float32Array[] = [], features: Float32Array[] = [];
  for (const cells of hands) {
    const hand = cells[0]?.hand;
    if (hand === undefined) continue;
    // All of a hand at once: the judge's runs are full.
    const scenes = TREATMENT_IDS.flatMap((treatment) => {
      const random = randomStream(seed, HAND_IDS.indexOf(hand), TREATMENT_IDS.indexOf(treatment));
      const style = drawStyle(random, hand, treatment);
      return Array.from({ length: each }, () => ({ cell: pick(random, cells), style }));
    });
    const looks = await judge.look(paintPictures(dataset.pixels, scenes));
    for (const [i, treatment] of TREATMENT_IDS.entries()) {
      names.push(styleName({ hand, treatment }));
      centres.push(meanOf(looks.slice(i * each, (i + 1) * each).map(({ style }) => style)));
    }
    features.push(...looks.map((look) => look.features));
  }
  return { names, centres, features };
}

/** The mean of rows. */
export function meanOf(rows: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(rows[0]?.length ?? 0);
  for (const row of rows) row.forEach((x, i) => { out[i] = (out[i] ?? 0) + x / rows.length; });
  return out;
}
