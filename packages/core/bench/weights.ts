import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { deadiffSpec } from "../src/models/deadiff.ts";
import type { DeadiffConfig } from "../src/models/deadiff.ts";
import { listParams } from "../src/models/params.ts";
import type { ParamSpec } from "../src/models/params.ts";
import type { ModelWeights } from "../src/node/model-weights.ts";
import { openSafetensorsFile, writeSafetensorsFile } from "../src/node/safetensors-file.ts";
import { createNoise } from "./noise.ts";

/** Raised when the numbers that are written change. */
const VERSION = 1;
/** Halves of the noise that every weight is a run of: too many for two layers to be alike. */
const POOL = 1 << 21;

/**
 * Random float16 weights of a whole model, written once to `file`: normal at the networks' own scales, norms 1, biases
 * small. What training starts at zero is small instead, so that every layer counts and activations stay of order one.
 */
export async function benchWeights(c: DeadiffConfig, file: string): Promise<ModelWeights> {
  const params = listParams(deadiffSpec(c));
  if (!existsSync(file)) {
    await mkdir(dirname(file), { recursive: true });
    const noise = createNoise(POOL);
    let start = 0;
    await writeSafetensorsFile(file, params.map(({ name, spec }, i) => {
      const count = spec.shape.reduce((n, d) => n * d, 1);
      return { name, dtype: "F16" as const, dims: spec.shape, bytes: () => bytesOf(fill(spec, count, noise, start = (start + 7919 * (i + 1)) % POOL)) };
    }));
  }
  const weights = await openSafetensorsFile(file);
  await weights.close();
  return {
    folder: dirname(file),
    hash: createHash("sha256").update(`bench ${VERSION} ${JSON.stringify(params)}`).digest("hex"),
    locate(name) {
      const tensor = weights.tensors.get(name);
      if (tensor === undefined) throw new RangeError(`${file} holds no ${name}: delete it, and it is written anew`);
      return { file: basename(file), offset: tensor.fileOffset, bytes: tensor.byteLength, dtype: "float16" };
    },
  };
}

/** The weights of one parameter as float16. */
function fill({ shape, init }: ParamSpec, count: number, noise: Float32Array, start: number): Float16Array {
  const fanIn = shape.slice(1).reduce((n, d) => n * d, 1);
  const [mean, std] = ((): [number, number] => {
    switch (init.kind) {
      case "ones": return [1, 0];
      case "zeros": return [0, shape.length === 1 ? 0.01 : 0.1 / Math.sqrt(fanIn)];
      case "normal": return [0, init.std];
    }
  })();
  const block = Float16Array.from({ length: Math.min(count, POOL) }, (_, i) => mean + std * (noise[(start + i) % POOL] ?? 0));
  if (count <= POOL) return block;
  const out = new Float16Array(count);
  for (let at = 0; at < count; at += POOL) out.set(block.subarray(0, Math.min(POOL, count - at)), at);
  return out;
}

const bytesOf = (array: Float16Array): Uint8Array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
