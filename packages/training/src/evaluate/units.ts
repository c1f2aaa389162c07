import type { Dataset } from "../data/dataset/read.ts";
import { pairAt } from "../data/pairs.ts";
import type { Scene } from "../data/pairs.ts";
import { randomStream, shuffled } from "../data/random.ts";
import { viewOf } from "../data/view.ts";
import type { Part, ViewOptions } from "../data/view.ts";

/** The parts that references come from: whatever is new in them, training saw none of these pictures. */
export const HELD_OUT = ["newPictures", "newTreatments", "newHands"] as const satisfies readonly Part[];

/** One question to a model: a prompt, a reference, and the real picture that would answer it. */
export type Unit = {
  readonly part: (typeof HELD_OUT)[number];
  readonly reference: Scene;
  /** The prompt's subject in the reference's very style. */
  readonly target: Scene;
  /** Drawings of still other subjects in the target's very style: what that style is, and what sets are compared with. */
  readonly alike: readonly Pick<Scene, "cell" | "style">[];
  /** Names the target's subject in its usual words. */
  readonly prompt: string;
  readonly seed: number;
};

/** Drawings that stand for a style. */
const ALIKE = 4;

/** What units are drawn with. */
export type UnitOptions = {
  readonly seed: number;
  readonly count: number;
  /** `stre` asks for the reference's style on another subject, `sere` for the reference's subject in another style. */
  readonly task: "stre" | "sere";
  /** What training saw: its subjects are asked for, its treatments appear in the parts whose treatments are not new. */
  readonly trained: ViewOptions;
};

/** Draws units, the parts in turn: unit n is a pure function of dataset, options and n. */
export function drawUnits(dataset: Dataset, { seed, count, task, trained }: UnitOptions): Unit[] {
  const views = HELD_OUT.map((part) => viewOf(dataset, part, { ...(trained.subjects && { subjects: trained.subjects }), ...(trained.treatments && part !== "newTreatments" && { treatments: trained.treatments }) }));
  return Array.from({ length: count }, (_, n): Unit => {
    const view = views[n % views.length];
    const part = HELD_OUT[n % HELD_OUT.length];
    if (view === undefined || part === undefined) throw new RangeError("drawUnits: no part");
    const { reference, target } = pairAt(view, seed, n, { tasks: [task], plainShare: 0 });
    const random = randomStream(seed, n, 0xa11e);
    const others = (view.hands.find(([cell]) => cell?.hand === target.cell.hand) ?? []).filter(({ subject }) => subject !== reference.cell.subject && subject !== target.cell.subject);
    const alike = shuffled(random, others).slice(0, ALIKE).map((cell) => ({ cell, style: target.style }));
    const prompt = task === "stre" ? (target.cell.subject.phrases[0] ?? target.cell.subject.name) : target.caption.style;
    return { part, reference, target, alike, prompt, seed: seed * 1000 + n };
  });
}
