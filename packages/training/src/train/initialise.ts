import { initialWeights } from "@deadiff/core";
import type { Objective } from "./objective.ts";
import type { TrainingState, Weights } from "./trainer.ts";

/** The state before the first step: given weights where there are some, fresh ones elsewhere, moments at zero. */
export function startState(objective: Objective, seed: number, given: Weights = new Map()): TrainingState {
  const fresh = initialWeights(objective.parameters, seed);
  const weights = new Map(objective.parameters.map(({ name }) => [name, given.get(name) ?? fresh.get(name) ?? new Float32Array(0)]));
  const zeros = (): Weights => new Map([...weights].filter(([name]) => objective.trained.has(name)).map(([name, w]) => [name, new Float32Array(w.length)]));
  const ema = new Map([...weights].filter(([name]) => objective.trained.has(name)).map(([name, w]) => [name, w.slice()]));
  return { step: 0, weights, m: zeros(), v: zeros(), ema };
}
