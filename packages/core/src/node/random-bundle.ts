import { DeadiffError } from "../errors.ts";
import { deadiffSpec } from "../models/deadiff.ts";
import type { DeadiffConfig } from "../models/deadiff.ts";
import { listParams } from "../models/params.ts";
import type { Init } from "../models/params.ts";
import { vaeFactor } from "../models/vae.ts";
import { writeBundle } from "./write-bundle.ts";
import { latentMultiple } from "../pipeline/graphs.ts";
import type { PreviewMatrix } from "../pipeline/preview.ts";
import { TINY } from "../presets.ts";
import { encodeSafetensors, tensorToWrite } from "../weights/safetensors-write.ts";
import { initialWeights } from "../weights/initial-weights.ts";

/** Words of a random bundle's vocabulary; the rest are named `word7`, `word8`, ... */
const WORDS = ["a", "red", "cat", "dog", "blue", "house", "bad"];

/**
 * Writes a bundle of random weights from a seed, for tests, benchmarks and a stack without a model: every layer is
 * there and takes part (what starts at zero in training is given small values), nothing is trained.
 *
 * @param options.config default: `TINY` @param options.size side of a picture, pixels
 */
export async function writeRandomBundle(folder: string, options: { config?: DeadiffConfig; seed?: number; size?: number; preview?: PreviewMatrix } = {}): Promise<void> {
  const { config = TINY, seed = 1 } = options;
  const step = latentMultiple(config) * vaeFactor(config.vae);
  const parameters = listParams(deadiffSpec(config)).map(({ name, spec }) => {
    const init: Init = spec.init.kind === "zeros" ? { kind: "normal", std: 0.05 } : spec.init;
    return { name, spec: { ...spec, init } };
  });
  const values = initialWeights(parameters, seed);
  const words = Array.from({ length: config.text.vocabulary - 3 }, (_, i) => WORDS[i] ?? `word${i}`);
  await writeBundle(folder, {
    name: config.name, version: `random-${seed}`, preset: config.name, config, modes: ["style", "content", "both"],
    sizes: { default: options.size ?? 4 * step, min: step, max: 64 * step, multipleOf: step },
    tokenizer: { kind: "words", files: { words: "words.json" } },
    weights: ["weights.safetensors"],
    ...(options.preview && { preview: options.preview }),
    licence: { name: "Apache-2.0" },
    provenance: { madeBy: "random numbers", sources: [] },
  }, async (write) => {
    await write("words.json", [new TextEncoder().encode(JSON.stringify({ format: "deadiff-words", formatVersion: 1, contextLength: config.text.context, words }))]);
    await write("weights.safetensors", encodeSafetensors(parameters.map(({ name, spec }) => {
      const data = values.get(name);
      if (data === undefined) throw new DeadiffError("weight_missing", name);
      return tensorToWrite(name, { dtype: "float32", dims: spec.shape, data });
    })));
  });
}
