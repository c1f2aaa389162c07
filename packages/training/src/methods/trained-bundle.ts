import { createReadStream } from "node:fs";
import { deadiffConfigSchema, deadiffSpec, listParams } from "@deadiff/core";
import type { DeadiffConfig, HostTensor } from "@deadiff/core";
import { encodeSafetensors, float16Values, openBundle, openSafetensorsFile, writeBundle } from "@deadiff/core/node";
import type { TensorToWrite } from "@deadiff/core/node";
import type { Weights } from "../train/trainer.ts";

/**
 * Writes a bundle that is another one with some weights replaced (float16): its tokenizer, sizes and licence stay. One
 * tensor is in memory at a time.
 *
 * @throws the codes of `openBundle` and `writeBundle`; `tensor_missing` where a weight is neither given nor in the other bundle
 */
export async function writeTrainedBundle(from: string, to: string, { config, weights, note }: { config: DeadiffConfig; weights: Weights; note: string }): Promise<void> {
  const base = await openBundle(from, { config: deadiffConfigSchema });
  const { files, ...description } = base.manifest;
  const stored = await Promise.all(description.weights.map((file) => openSafetensorsFile(base.path(file))));
  try {
    const tensors = listParams(deadiffSpec(config)).map(({ name, spec: { shape } }): TensorToWrite => {
      const half = (data: HostTensor): Uint8Array => {
        const bits = float16Values(name, data);
        return new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength);
      };
      const given = weights.get(name);
      const file = stored.find(({ tensors: all }) => all.get(name)?.dims.join() === shape.join()) ?? stored[0];
      return { name, dtype: "F16", dims: shape, bytes: async () => half(given === undefined ? await readFrom(file, name) : { dtype: "float32", dims: shape, data: given }) };
    });
    const sources = files.filter(({ path }) => description.weights.includes(path)).map(({ path, sha256 }) => ({ name: path, sha256 }));
    await writeBundle(to, {
      ...description, config, weights: ["weights.safetensors"],
      provenance: { madeBy: "deadiff train", sources, notes: note },
    }, async (write) => {
      for (const { path } of files) if (!description.weights.includes(path)) await write(path, createReadStream(base.path(path)));
      await write("weights.safetensors", encodeSafetensors(tensors));
    }, { overwrite: true });
  } finally {
    await Promise.all(stored.map((file) => file.close()));
  }
}

const readFrom = (file: Awaited<ReturnType<typeof openSafetensorsFile>> | undefined, name: string): Promise<HostTensor> => {
  if (file === undefined) throw new TypeError("a bundle lists at least one file of weights");
  return file.read(name);
};
