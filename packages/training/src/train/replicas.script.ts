/** `node replicas.script.ts FOLDER STEPS REPLICAS`: what replicas.test.ts starts, a run of TINY's base model on noise. */
import { gaussian, TINY } from "@deadiff/core";
import type { HostTensor } from "@deadiff/core";
import { inlineRuntime } from "@deadiff/core/ort";
import { pathToFileURL } from "node:url";
import { baseObjective } from "../stages/base.ts";
import type { Objective } from "./objective.ts";
import { ADAMW } from "./optimizer.ts";
import { train } from "./run.ts";
import type { Run } from "./run.ts";

const SEED = 3;
export const objective = baseObjective(TINY, 2, 8);

/** An objective's batch number `n`: noise. */
export function batchOf({ batch }: Objective, n: number): Record<string, HostTensor> {
  return Object.fromEntries(Object.entries(batch).map(([name, { shape, dtype }], i): [string, HostTensor] => {
    const dims = shape.map(Number);
    const noise = gaussian(BigInt(n), i, dims.reduce((a, b) => a * b, 1));
    return [name, dtype === "int64" ? { dtype, dims, data: BigInt64Array.from(noise, (x) => BigInt(Math.round(x) === 0 ? 1 : 2)) } : { dtype: "float32", dims, data: noise.map(Math.abs) }];
  }));
}

export const runOf = (folder: string, steps: number, replicas: number): Run => ({
  folder, identity: { objective: "base", config: "tiny", seed: SEED, data: "noise" }, objective, seed: SEED,
  config: { steps, batchSize: 2, replicas, lr: { peak: 1e-3, warmup: 1, floor: 1 }, optimizer: { adamW: ADAMW }, emaDecay: 0.9, checkpointMinutes: 60 },
  batches: (from) => ({ next: () => Promise.resolve(batchOf(objective, from++)), close: () => Promise.resolve() }),
  signal: new AbortController().signal,
  log: (line) => console.log(line),
});

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [folder = "", steps, replicas] = process.argv.slice(2);
  const runtime = await inlineRuntime({ threads: 1 });
  await train(runtime, runOf(folder, Number(steps), Number(replicas)));
  await runtime.close();
}
