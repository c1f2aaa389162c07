import { join } from "node:path";
import type { HostImage, StylizeInput } from "@deadiff/core";
import type { Dataset } from "../data/dataset/read.ts";
import type { Judge, Look } from "../judge/open-judge.ts";
import { keepStyles } from "./keep-styles.ts";
import { principalProjection } from "./frechet.ts";
import type { Generator } from "./generate.ts";
import type { Judged } from "./models.ts";
import { paintPictures } from "./paint.ts";
import { scorePicture, summarise } from "./score.ts";
import type { Candidates, Key, Row, Score } from "./score.ts";
import { indexStyles, meanOf, styleName } from "./styles.ts";
import type { Unit } from "./units.ts";

/** Real pictures of each style that its centre is the mean of. */
const PICTURES_A_STYLE = 8;
/** Principal components of the judge's features that distances of sets are taken in. */
const COMPONENTS = 32;

/** A table's row and the scores behind it, unit by unit. */
export type Scored = { readonly row: Row; readonly scores: readonly Score[] };

/** Units with all that their answers are scored against. */
export type Bench = {
  readonly units: readonly Unit[];
  /** Real pictures of the units' references and targets. */
  readonly references: readonly HostImage[];
  readonly targets: readonly HostImage[];
  /** Scores one picture of each unit, in order; of the first units where there are fewer pictures. */
  score(name: string, pictures: readonly HostImage[], options?: { distance: boolean }): Promise<Scored>;
};

/** What all benches of an evaluation share: the judge, every style and every name. */
export type Courtroom = {
  readonly judge: Pick<Judge, "look">;
  readonly candidates: Candidates;
  readonly styles: ReadonlyMap<string, number>;
  readonly subjects: ReadonlyMap<string, number>;
  readonly project: (features: ArrayLike<number>) => ArrayLike<number>;
};

/** Embeds every style from real pictures and every subject's usual name; the styles are kept in `folder`. */
export async function openCourtroom(dataset: Dataset, judge: Pick<Judge, "look" | "names" | "hash">, seed: number, folder: string): Promise<Courtroom> {
  const kept = join(folder, `styles-${judge.hash.slice(0, 16)}-${dataset.hash.slice(0, 16)}-${seed}-${PICTURES_A_STYLE}.safetensors`);
  const index = await keepStyles(kept, () => indexStyles(dataset, judge, { seed, each: PICTURES_A_STYLE }));
  return {
    judge,
    candidates: { styles: index.centres, names: await judge.names(dataset.subjects.map(({ phrases }) => phrases[0] ?? "")) },
    styles: new Map(index.names.map((name, i) => [name, i])),
    subjects: new Map(dataset.subjects.map(({ hexcode }, i) => [hexcode, i])),
    project: principalProjection(index.features, Math.min(COMPONENTS, index.features[0]?.length ?? 0)),
  };
}

/** Prepares units for scoring. `task` says whose style and subject an answer is to have. */
export async function openBench(dataset: Dataset, room: Courtroom, units: readonly Unit[], task: "stre" | "sere"): Promise<Bench> {
  const references = paintPictures(dataset.pixels, units.map(({ reference }) => reference));
  const targets = paintPictures(dataset.pixels, units.map(({ target }) => target));
  const alike = await room.judge.look(paintPictures(dataset.pixels, units.flatMap((unit) => unit.alike)));
  const byUnit = units.map((unit, i) => {
    const from = units.slice(0, i).reduce((total, { alike: { length } }) => total + length, 0);
    return alike.slice(from, from + unit.alike.length);
  });
  const wanted = task === "stre" ? await room.judge.look(references) : await room.judge.look(targets);
  const place = (of: ReadonlyMap<string, number>, name: string): number => {
    const found = of.get(name);
    if (found === undefined) throw new RangeError(`openBench: no ${name} in the index`);
    return found;
  };
  const keys = units.map(({ reference, target }, i): Key => ({
    referenceStyle: wanted[i]?.style ?? [],
    style: place(room.styles, styleName(target.style)),
    centre: meanOf((byUnit[i] ?? []).map(({ style }) => style)),
    subject: place(room.subjects, target.cell.subject.hexcode),
    leaking: place(room.subjects, reference.cell.subject.hexcode),
  }));
  const real = alike.map(({ features }) => room.project(features));
  return {
    units, references, targets,
    async score(name, pictures, { distance } = { distance: true }) {
      const looks: Look[] = await room.judge.look(pictures);
      const scores = looks.map((look, i) => scorePicture(look, keys[i] ?? { referenceStyle: [], style: -1, centre: [], subject: -1, leaking: -1 }, room.candidates));
      return { scores, row: summarise(name, scores, looks.map(({ features }) => room.project(features)), distance ? real : null) };
    },
  };
}

/** How a model is asked. */
export type Ask = { readonly image: "on" | "off"; readonly mode?: "style" | "content"; readonly strength?: number; readonly promptGuidance?: number; readonly gains?: readonly number[]; readonly prompt?: (unit: Unit) => string };

/** What each unit asks a model for. */
export const requestsOf = ({ units, references }: Pick<Bench, "units" | "references">, ask: Ask): StylizeInput[] =>
  units.map((unit, i): StylizeInput => {
    const reference = references[i];
    return {
      prompt: ask.prompt?.(unit) ?? unit.prompt, seed: unit.seed, image: ask.image,
      references: ask.image === "off" || reference === undefined ? [] : [{ image: reference, mode: ask.mode ?? "style" }],
      ...(ask.strength !== undefined && { strength: ask.strength }), ...(ask.promptGuidance !== undefined && { promptGuidance: ask.promptGuidance }), ...(ask.gains !== undefined && { gains: [...ask.gains] }),
    };
  });

/** Asks a model for every unit's picture, and scores the answers. */
export async function ask(generator: Generator, judged: Judged, bench: Bench, name: string, how: Ask, options?: { distance: boolean }): Promise<Scored> {
  return bench.score(name, await generator.generate(judged, name, requestsOf(bench, how)), options);
}

/** The first units of a bench, for experiments that ask many times. */
export const firstOf = (bench: Bench, count: number): Bench => ({ ...bench, units: bench.units.slice(0, count), references: bench.references.slice(0, count), targets: bench.targets.slice(0, count) });
