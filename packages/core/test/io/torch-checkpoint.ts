import { deadiffSpec } from "../../src/models/deadiff.ts";
import type { DeadiffConfig } from "../../src/models/deadiff.ts";
import { listParams } from "../../src/models/params.ts";
import { gaussian } from "../../src/sampling/noise.ts";
import { foreignKeys } from "../../src/weights/key-map.ts";
import { dict, pickle, storage, tensor, text } from "./pickle.ts";
import { storedZip } from "./zip.ts";

/**
 * A random model as torch would have saved it: foreign names, stacked projections, a storage per tensor, float32.
 * @param change of the tensors' shapes by their foreign names, before they are filled
 */
export function torchCheckpoint(config: DeadiffConfig, seed: bigint, change: (dims: Map<string, number[]>) => void = () => undefined): Uint8Array<ArrayBuffer> {
  const keys = foreignKeys(config);
  const dims = new Map<string, number[]>();
  for (const { name, spec: { shape } } of listParams(deadiffSpec(config))) {
    const { key, rows } = keys.get(name)!;
    dims.set(key, rows === undefined ? [...shape] : [Math.max(rows[1], dims.get(key)?.[0] ?? 0), ...shape.slice(1)]);
  }
  change(dims);
  const parts: { name: string; data: Uint8Array }[] = [];
  const entries = [...dims].map(([key, shape], i): [readonly number[], readonly number[]] => {
    const size = shape.reduce((n, d) => n * d, 1);
    const scale = shape.length === 1 ? 0.2 : 1 / Math.sqrt(size / (shape[0] ?? 1));
    // Norms' scales near 1, everything else near 0.
    const around = shape.length === 1 && key.endsWith("weight") ? 1 : 0;
    parts.push({ name: `m/data/${i}`, data: new Uint8Array(gaussian(seed, i, size).map((x) => around + scale * x).buffer) });
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((n, d) => n * d, 1));
    return [text(key), tensor(storage(String(i), size), 0, shape, strides)];
  });
  return storedZip([{ name: "m/data.pkl", data: pickle(dict(...entries)) }, ...parts]);
}
