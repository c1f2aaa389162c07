import { existsSync } from "node:fs";
import { join } from "node:path";
import { float32Values, openSafetensorsFile } from "@deadiff/core/node";
import { ROOT_FOLDER } from "../data/paths.ts";
import type { Objective } from "../train/objective.ts";
import { loadWeights } from "../train/checkpoint.ts";
import type { Weights } from "../train/trainer.ts";
import { RUNS_FOLDER } from "./runs.ts";

/** The weights of a stage's run on this machine, or none. */
export async function stageWeights(stage: string): Promise<Weights> {
  const folder = join(RUNS_FOLDER, stage);
  return existsSync(join(folder, "checkpoint.safetensors")) ? loadWeights(folder) : new Map();
}

/**
 * The shipped model's weights of an objective, as far as they fit: what a stage goes on from where it has no checkpoint of
 * its own, so that training can be spread over machines.
 */
export async function shippedWeights(parameters: Objective["parameters"]): Promise<Weights> {
  const path = join(ROOT_FOLDER, "models/mini/weights.safetensors");
  if (!existsSync(path)) return new Map();
  const file = await openSafetensorsFile(path);
  try {
    const weights = new Map<string, Float32Array>();
    for (const { name, spec: { shape } } of parameters) {
      if (file.tensors.get(name)?.dims.join() === shape.join()) weights.set(name, float32Values(name, await file.read(name)));
    }
    return weights;
  } finally {
    await file.close();
  }
}
