import type { Job, Matrix } from "@deadiff/schemas/contracts";
import { storedReferences, type StoredReference } from "@/references/stored";

/** What the rows and columns of a matrix stand for. */
export interface Axes {
  /** One set of references a row group; an empty one is the prompt alone. */
  readonly references: readonly (readonly StoredReference[])[];
  readonly prompts: readonly string[];
  readonly strengths: readonly number[];
}

/** Where a cell stands: references, then prompts, then strengths, the last varying fastest. */
export const cellIndex = ({ prompts, strengths }: { readonly prompts: number; readonly strengths: number }, reference: number, prompt: number, strength: number): number => (reference * prompts + prompt) * strengths + strength;

const range = (length: number): readonly number[] => Array.from({ length }, (_, i) => i);

/** A matrix's cells by place; a cell whose job was deleted is missing. */
export const cellsByPlace = (matrix: Matrix): ReadonlyMap<number, Job> => new Map(matrix.cells.flatMap((job) => (job.matrix === null ? [] : [[job.matrix.cell, job] as const])));

/** Reads the axes of a matrix off its cells' requests: any cell that is left of a row or column tells what it stands for. */
export const axesOf = (matrix: Matrix): Axes => {
  const cells = cellsByPlace(matrix);
  const size = matrix.axes;
  const firstOf = (places: readonly number[]): Job["input"] => places.map((place) => cells.get(place)?.input ?? null).find((input) => input !== null) ?? null;
  const references = range(size.references);
  const prompts = range(size.prompts);
  const strengths = range(size.strengths);
  return {
    references: references.map((r) => storedReferences(firstOf(prompts.flatMap((p) => strengths.map((s) => cellIndex(size, r, p, s)))))),
    prompts: prompts.map((p) => {
      const prompt = firstOf(references.flatMap((r) => strengths.map((s) => cellIndex(size, r, p, s))))?.["prompt"];
      return typeof prompt === "string" ? prompt : "";
    }),
    strengths: strengths.map((s) => {
      const strength = firstOf(references.flatMap((r) => prompts.map((p) => cellIndex(size, r, p, s))))?.["strength"];
      return typeof strength === "number" ? strength : 1;
    }),
  };
};

/** What a set of references is called where there is no room for its picture. */
export const referenceName = (set: readonly StoredReference[], index: number): string => (set.length === 0 ? "no reference" : `reference ${index + 1}`);
