import { makeStyleCode } from "@deadiff/core";
import type { Model } from "@deadiff/core";
import type { Subject } from "../data/subjects.ts";
import type { Bench } from "./bench.ts";
import { bootstrapMean } from "./bootstrap.ts";
import type { Estimate } from "./bootstrap.ts";
import { wordsAsContent } from "./subject-words.ts";
import { HELD_OUT } from "./units.ts";

/** How often a reference's content tokens lie nearest to the states of its subject's own name, 0..1, by what is new in the reference. */
export type Recognition = { readonly part: string; readonly top1: Estimate };

const SEED = 93;

/** Reads every reference of a bench under the condition `content` and looks for the nearest among the subjects' names. */
export async function recognise(model: Model, { units, references }: Pick<Bench, "units" | "references">, subjects: readonly Subject[]): Promise<Recognition[]> {
  const names: Float32Array[] = [];
  for (const { phrases, name } of subjects) names.push((await wordsAsContent(model, phrases[0] ?? name)).tokens.content ?? new Float32Array(0));
  const right: number[] = [];
  for (const [i, { reference: { cell: { subject } } }] of units.entries()) {
    const image = references[i];
    if (image === undefined) throw new RangeError(`recognise: no picture of unit ${i}`);
    const { tokens: { content = new Float32Array(0) } } = await makeStyleCode(model, image, { branches: ["content"] });
    const distances = names.map((name) => name.reduce((sum, x, j) => sum + (x - (content[j] ?? 0)) ** 2, 0));
    right.push(subjects[distances.indexOf(Math.min(...distances))]?.hexcode === subject.hexcode ? 1 : 0);
  }
  return HELD_OUT.map((part) => ({ part, top1: bootstrapMean(right.filter((_, i) => units[i]?.part === part), SEED) }));
}
