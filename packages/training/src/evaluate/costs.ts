import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { MINI, parametersOf, trace } from "@deadiff/core";
import { METHODS_FOLDER } from "../methods/method-bundle.ts";
import { methodConfig } from "../methods/method.ts";
import { METHODS } from "../methods/methods.ts";
import type { MethodName } from "../methods/methods.ts";
import { deadiffObjective } from "../stages/deadiff.ts";

/** What training a method cost. */
export type Cost = { readonly samples: number; readonly samplesASecond: number; /** Weights that its loss reaches, millions. */ readonly trained: number };

/** The cost of a method's run on this machine, from its metrics; null where it has none. */
export async function costOf(name: MethodName): Promise<Cost | null> {
  const text = await readFile(join(METHODS_FOLDER, name, "metrics.jsonl"), "utf8").catch(() => "");
  const lines = text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as { samples: number; rate: number });
  const last = lines.at(-1);
  if (last === undefined) return null;
  // Every line stands for as many samples, so the mean rate is harmonic.
  const samplesASecond = lines.length / lines.reduce((seconds, { rate }) => seconds + 1 / rate, 0);
  return { samples: last.samples, samplesASecond, trained: reachedWeights(name) / 1e6 };
}

/** Weights that learn: of those a method may train, the ones that its loss reads. */
function reachedWeights(name: MethodName): number {
  const objective = deadiffObjective(methodConfig(MINI, METHODS[name]), 1, 16);
  return parametersOf(trace("loss", objective.batch, (batch) => objective.loss(batch)))
    .filter(({ op }) => objective.trained.has(op.name))
    .reduce((total, { shape }) => total + shape.reduce<number>((n, d) => n * Number(d), 1), 0);
}
