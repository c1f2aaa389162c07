import { DeadiffError } from "../errors.ts";
import { keyStore } from "./keys.ts";
import type { Conditions, KeyRow } from "./keys.ts";
import type { Model } from "./model.ts";
import { float32Output } from "./outputs.ts";

/** One evaluation of the U-Net: one picture, in one pass, at one timestep. Rows of a run may differ in all of that. */
export type UNetRow = KeyRow & {
  /** In the network's own scale [C, h, w]. */
  readonly latent: Float32Array;
  readonly timestep: number;
};

/** Height and width of a latent: what the rows of one run have in common. */
export type LatentShape = { readonly height: number; readonly width: number };

/**
 * Evaluates rows and returns their predictions [C, h, w], in their order. The pipeline does not know in which runs, and with
 * whose rows beside them: on the CPU a row has the same bits in every batch.
 */
export type EvaluateRows = (rows: readonly UNetRow[], shape: LatentShape, signal?: AbortSignal) => Promise<readonly Float32Array[]>;

/** Evaluates the rows of jobs, and is told when a job's conditions are done with. */
export type Evaluator = { evaluate: EvaluateRows; forget: (conditions: readonly Conditions[]) => Promise<void> };

/** What rows need in common to share a run, as one word. */
export const rowKind = ({ conditions }: KeyRow, { height, width }: LatentShape): string => `${height}x${width}${conditions.image === null ? "" : "+image"}`;

/**
 * Runs the U-Net on all given rows at once. Call it again when the last run has ended.
 *
 * @throws `rows_mixed` where some rows have image keys and some have none; and the codes of `Model.run`
 */
export function rowRunner(model: Model): Evaluator {
  const keys = keyStore(model);
  const { attention, unet } = model.config;
  return {
    async evaluate(rows, shape, signal) {
      signal?.throwIfAborted();
      const [first] = rows;
      if (first === undefined) return [];
      if (rows.some((row) => rowKind(row, shape) !== rowKind(first, shape))) throw new DeadiffError("rows_mixed", "rows with and without image keys cannot share a run");
      const elements = unet.latentChannels * shape.height * shape.width;
      const latent = new Float32Array(rows.length * elements);
      for (const [i, row] of rows.entries()) latent.set(row.latent, i * elements);
      const outputs = await model.run(attention === "added" && first.conditions.image === null ? "unet-text" : "unet", {
        latent: { dtype: "float32", dims: [rows.length, unet.latentChannels, shape.height, shape.width], data: latent },
        timestep: { dtype: "float32", dims: [rows.length], data: Float32Array.from(rows, ({ timestep }) => timestep) },
        ...await keys.of(rows),
      });
      const prediction = float32Output(outputs, "prediction");
      return rows.map((_, i) => prediction.subarray(i * elements, (i + 1) * elements));
    },
    forget: keys.drop,
  };
}

/** The way of a job alone: its rows in one run, or each pass in a run of its own. */
export function ownRuns(model: Model, passes: "together" | "apart"): Evaluator {
  const { evaluate, forget } = rowRunner(model);
  if (passes === "together") return { evaluate, forget };
  return {
    async evaluate(rows, shape, signal) {
      const predictions = new Map<UNetRow, Float32Array>();
      for (const pass of new Set(rows.map((row) => row.pass))) {
        const some = rows.filter((row) => row.pass === pass);
        const made = await evaluate(some, shape, signal);
        for (const [i, row] of some.entries()) predictions.set(row, made[i] ?? new Float32Array(0));
      }
      return rows.map((row) => predictions.get(row) ?? new Float32Array(0));
    },
    forget,
  };
}
