import type { Look } from "../judge/open-judge.ts";
import { bootstrapMean } from "./bootstrap.ts";
import type { Estimate } from "./bootstrap.ts";
import { frechetDistance } from "./frechet.ts";
import { cosine, retrievalRank } from "./metrics.ts";

/** What a picture is scored against. */
export type Key = {
  /** Style embedding of the reference. */
  readonly referenceStyle: ArrayLike<number>;
  /** The place of the wanted style's hand and treatment among all styles, and the centre of that very style, which stands there. */
  readonly style: number;
  readonly centre: ArrayLike<number>;
  /** Places, among all names, of the prompt's subject and of the reference's. */
  readonly subject: number;
  readonly leaking: number;
};

/** All styles and all names, as the judge embeds them. */
export type Candidates = { readonly styles: readonly ArrayLike<number>[]; readonly names: readonly ArrayLike<number>[] };

/** One picture's scores; shares are 0 or 1. */
export type Score = {
  /** Cosine of style embeddings of picture and reference, -1..1. */
  readonly styleCosine: number;
  /** Whether the reference's style is the nearest of all styles. */
  readonly styleTop1: number;
  /** Cosine of the picture with the prompt's subject's name, -1..1. */
  readonly textCosine: number;
  readonly textTop1: number;
  readonly textTop5: number;
  /** Whether the reference's subject is the nearest of all names, where the prompt asks for another. */
  readonly leak: number;
  /** Cosine of the picture with the name of the reference's subject, -1..1: what leaks without taking over. */
  readonly leakCosine: number;
};

export const SCORES = ["styleCosine", "styleTop1", "textCosine", "textTop1", "textTop5", "leak", "leakCosine"] as const satisfies readonly (keyof Score)[];

/** Scores one picture. */
export function scorePicture(look: Pick<Look, "style" | "subject">, key: Key, { styles, names }: Candidates): Score {
  const [name, leaking] = [names[key.subject], names[key.leaking]];
  if (name === undefined || leaking === undefined) throw new RangeError(`scorePicture: no name ${key.subject} or ${key.leaking}`);
  const rank = retrievalRank(look.subject, names, key.subject);
  return {
    styleCosine: cosine(look.style, key.referenceStyle),
    styleTop1: retrievalRank(look.style, styles.with(key.style, key.centre), key.style) === 0 ? 1 : 0,
    textCosine: cosine(look.subject, name),
    textTop1: rank === 0 ? 1 : 0,
    textTop5: rank < 5 ? 1 : 0,
    leak: key.leaking !== key.subject && retrievalRank(look.subject, names, key.leaking) === 0 ? 1 : 0,
    leakCosine: cosine(look.subject, leaking),
  };
}

/**
 * A row of a table: every score's mean with its interval, and the distance of the set from real pictures of the same styles.
 * The distance stands alone: sets drawn again with replacement are always farther off, so a bootstrap misses it.
 */
export type Row = { readonly name: string; readonly count: number; readonly scores: Readonly<Record<keyof Score, Estimate>>; readonly distance: number | null };

const SEED = 91;

/** Sums a row up over independent units. @param real features of real pictures in the same styles, or null to leave the distance out */
export function summarise(name: string, scores: readonly Score[], features: readonly ArrayLike<number>[], real: readonly ArrayLike<number>[] | null): Row {
  const estimates = Object.fromEntries(SCORES.map((score) => [score, bootstrapMean(scores.map((s) => s[score]), SEED)])) as Row["scores"];
  return { name, count: scores.length, scores: estimates, distance: real === null ? null : frechetDistance(features, real) };
}
