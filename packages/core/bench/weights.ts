import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { deadiffSpec } from "../src/models/deadiff.ts";
import type { DeadiffConfig } from "../src/models/deadiff.ts";
import { listParams } from "../src/models/params.ts";
import type { ParamSpec } from "../src/models/params.ts";
import type { ModelWeights } from "../src/node/model-weights.ts";
import { openSafetensorsFile, writeSafetensorsFile } from "../src/node/safetensors-file.ts";
import { createNoise } from "./noise.ts";

/** Raised when the numbers that are written change. */
const VERSION = 1;
/** Numbers of the noise that every weight is a run of, at most: too many for two layers to be alike. */
const LARGEST_POOL = 1 << 21;

/**
 * Random float16 weights of a whole model, written once to `folder`: normal at the networks' own scales, norms 1. What
 * training starts at zero is small instead, so that every layer counts and activations stay of order one.
 */
export async function benchWeights(c: DeadiffConfig, folder: string): Promise<ModelWeights> {
  const params = listParams(deadiffSpec(c));
  const hash = createHash("sha256").update(`bench ${VERSION} ${JSON.stringify(params)}`).digest("hex");
  const name = `${c.name}-${hash.slice(0, 12)}.safetensors`;
  const file = path.join(folder, name);
  if (!existsSync(file)) {
    await mkdir(folder, { recursive: true });
    const run = noiseRuns(Math.min(LARGEST_POOL, Math.max(...params.map(({ spec }) => countOf(spec)))));
    await writeSafetensorsFile(file, params.map(({ name: parameter, spec }) => ({ name: parameter, dtype: "F16" as const, dims: spec.shape, bytes: () => run(spec) })));
  }
  const weights = await openSafetensorsFile(file);
  await weights.close();
  return {
    folder,
    hash,
    locate(parameter) {
      const tensor = weights.tensors.get(parameter);
      if (tensor === undefined) throw new RangeError(`${file} holds no ${parameter}: delete it, and it is written anew`);
      return { file: name, offset: tensor.fileOffset, bytes: tensor.byteLength, dtype: "float16" };
    },
  };
}

/** Makes the bytes of one parameter after the other, each a run of the same noise from another place, scaled. */
function noiseRuns(length: number): (spec: ParamSpec) => Uint8Array {
  const noise = createNoise(length);
  const scaled = new Map<string, Float16Array>();
  let start = 0;
  return (spec) => {
    const [mean, std] = scaleOf(spec);
    const key = `${mean} ${std}`;
    const pool = scaled.get(key) ?? Float16Array.from(noise, (x) => mean + std * x);
    scaled.set(key, pool);
    const out = new Float16Array(countOf(spec));
    start = (start + 7919 * 64) % length;
    for (let at = 0, from = start; at < out.length; from = 0) {
      const run = pool.subarray(from, from + out.length - at);
      out.set(run, at);
      at += run.length;
    }
    return new Uint8Array(out.buffer);
  };
}

const countOf = ({ shape }: ParamSpec): number => shape.reduce((n, d) => n * d, 1);

/** Mean and standard deviation of a parameter. */
function scaleOf({ shape, init }: ParamSpec): [mean: number, std: number] {
  switch (init.kind) {
    case "ones": return [1, 0];
    case "zeros": return [0, shape.length === 1 ? 0.01 : 0.1 / Math.sqrt(shape.slice(1).reduce((n, d) => n * d, 1))];
    case "normal": return [0, init.std];
  }
}
