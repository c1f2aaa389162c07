import { existsSync } from "node:fs";
import { join } from "node:path";
import { DeadiffError } from "@deadiff/core";
import type { HostTensor } from "@deadiff/core";
import { openSafetensorsFile, tensorToWrite, writeSafetensorsFile } from "@deadiff/core/node";
import type { TrainingState, Weights } from "./trainer.ts";
import type { Objective } from "./objective.ts";

/** What a checkpoint must agree in with the run that resumes from it. */
export type RunIdentity = { objective: string; config: string; seed: number; data: string };

const KINDS = ["w", "m", "v", "ema"] as const;

/** Writes a run's whole state as one safetensors file, atomically. */
export async function saveCheckpoint(path: string, state: TrainingState, objective: Objective, identity: RunIdentity): Promise<void> {
  const shapes = new Map(objective.parameters.map(({ name, spec }) => [name, spec.shape]));
  const groups = { w: state.weights, m: state.m, v: state.v, ema: state.ema };
  const tensors = KINDS.flatMap((kind) => [...groups[kind]].map(([name, data]) => {
    const tensor: HostTensor = { dtype: "float32", dims: shapes.get(name) ?? [data.length], data };
    return tensorToWrite(`${kind}/${name}`, tensor);
  }));
  await writeSafetensorsFile(path, tensors, { ...stringified(identity), step: String(state.step) });
}

/**
 * Reads the state of a run, or null where there is no file.
 * @throws DeadiffError `checkpoint_other_run` where it was made by another configuration, seed or data
 */
export async function loadCheckpoint(path: string, identity: RunIdentity): Promise<TrainingState | null> {
  if (!existsSync(path)) return null;
  const file = await openSafetensorsFile(path);
  try {
    for (const [key, value] of Object.entries(stringified(identity))) {
      const found = file.metadata.get(key);
      if (found !== value) throw new DeadiffError("checkpoint_other_run", `${path} belongs to another run: its ${key} is ${String(found)}, this one's ${value}. Choose another run name or remove the file`);
    }
    const groups: Record<(typeof KINDS)[number], Map<string, Float32Array>> = { w: new Map(), m: new Map(), v: new Map(), ema: new Map() };
    for (const key of file.tensors.keys()) {
      const [kind, ...rest] = key.split("/");
      const group = groups[kind as (typeof KINDS)[number]];
      group.set(rest.join("/"), (await file.read(key)).data as Float32Array);
    }
    return { step: Number(file.metadata.get("step")), weights: groups.w, m: groups.m, v: groups.v, ema: groups.ema };
  } finally {
    await file.close();
  }
}

/** The weights that the run in a folder hands on, averaged where trained. @throws DeadiffError `file_unreadable` where it has no checkpoint */
export async function loadWeights(folder: string): Promise<Weights> {
  const file = await openSafetensorsFile(join(folder, "checkpoint.safetensors"));
  try {
    const weights = new Map<string, Float32Array>();
    for (const group of ["w", "ema"]) for (const key of file.tensors.keys()) {
      if (key.startsWith(`${group}/`)) weights.set(key.slice(group.length + 1), (await file.read(key)).data as Float32Array);
    }
    return weights;
  } finally {
    await file.close();
  }
}

/** The weights that a stage hands on: averaged where trained, as they were elsewhere. */
export const finishedWeights = (state: TrainingState): Weights => new Map([...state.weights].map(([name, w]) => [name, state.ema.get(name) ?? w]));

const stringified = (identity: RunIdentity): Record<string, string> => Object.fromEntries(Object.entries(identity).map(([key, value]) => [key, String(value)]));
