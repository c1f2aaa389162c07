import { drawCaption, type Caption } from "./captions/captions.ts";
import { below, chance, pick, randomStream, type Random } from "./random.ts";
import { drawStyle, type Style } from "./style.ts";
import type { Cell, Part, View } from "./view.ts";

/**
 * The ways to pair a reference with a target:
 * - `stre`: the same style on another subject (stylised reference);
 * - `sere`: the same subject in another style (semantic reference);
 * - `reconstruction`: the picture itself.
 */
export type Task = "stre" | "sere" | "reconstruction";

/** All tasks, in the order that method and reports name them. */
export const TASKS = ["stre", "sere", "reconstruction"] as const satisfies readonly Task[];

/** A drawing in a style, with the words for it. */
export type Scene = { readonly cell: Cell; readonly style: Style; readonly caption: Caption };

/** What one training sample shows. For `reconstruction`, reference and target are one scene. */
export type Pair<P extends Part> = { readonly part: P; readonly task: Task; readonly reference: Scene; readonly target: Scene };

/** How pairs are drawn. */
export type PairOptions = {
  /** Tasks to choose from with equal probability; one only makes a sampler of that task. */
  readonly tasks?: readonly Task[];
  /** Probability of the plain treatment, where the view has it and others: a quarter unless given. */
  readonly plainShare?: number;
};

/** Plain is the most frequent treatment: it is taken at once for a quarter of all pictures, and for its part of the rest. */
const PLAIN_SHARE = 0.25;

/**
 * Pair n of a seed: a pure function of view, seed, n and options that takes the same time for any n. So the state of a run
 * is its seed and a counter, and threads may draw disjoint ranges.
 */
export function pairAt<P extends Part>(view: View<P>, seed: number, n: number, { tasks = TASKS, plainShare = PLAIN_SHARE }: PairOptions = {}): Pair<P> {
  // n is split so that counters past 2^32 stay distinct.
  const random = randomStream(seed, n >>> 0, Math.floor(n / 4294967296));
  const task = pick(random, tasks);
  switch (task) {
    case "stre": {
      const cells = pick(random, view.hands);
      const [first, second] = twoOf(random, cells);
      const style = drawStyle(random, first.hand, drawTreatment(random, view, plainShare));
      return { part: view.part, task, reference: scene(random, first, style), target: scene(random, second, style) };
    }
    case "sere": {
      const cells = pick(random, view.subjects);
      const first = pick(random, cells);
      const treatment = drawTreatment(random, view, plainShare);
      // Another hand, or the same hand with another treatment.
      const other = drawTreatment(random, view, plainShare);
      const second = other === treatment ? anotherOf(random, cells, first) : pick(random, cells);
      return {
        part: view.part,
        task,
        reference: scene(random, first, drawStyle(random, first.hand, treatment)),
        target: scene(random, second, drawStyle(random, second.hand, other)),
      };
    }
    case "reconstruction": {
      const cell = pick(random, pick(random, view.hands));
      const only = scene(random, cell, drawStyle(random, cell.hand, drawTreatment(random, view, plainShare)));
      return { part: view.part, task, reference: only, target: only };
    }
  }
}

function scene(random: Random, cell: Cell, style: Style): Scene {
  return { cell, style, caption: drawCaption(random, cell.subject, style) };
}

function drawTreatment<P extends Part>(random: Random, { treatments }: View<P>, plainShare: number): View<P>["treatments"][number] {
  if (treatments.includes("plain") && chance(random, plainShare)) return "plain";
  return pick(random, treatments);
}

/** Two different cells of a list of at least two. */
function twoOf(random: Random, cells: readonly Cell[]): readonly [Cell, Cell] {
  const first = pick(random, cells);
  return [first, anotherOf(random, cells, first)];
}

/** A cell other than `known`, all equally likely. */
function anotherOf(random: Random, cells: readonly Cell[], known: Cell): Cell {
  const index = cells.indexOf(known);
  const step = 1 + below(random, cells.length - 1);
  return cells[(index + step) % cells.length] ?? known;
}
