import { DeadiffError } from "../src/errors.ts";
import { deadiffSpec } from "../src/models/deadiff.ts";
import type { DeadiffConfig } from "../src/models/deadiff.ts";
import { listParams } from "../src/models/params.ts";
import type { Init } from "../src/models/params.ts";
import { vaeFactor } from "../src/models/vae.ts";
import { writeBundle } from "../src/node/write-bundle.ts";
import { latentMultiple } from "../src/pipeline/graphs.ts";
import type { PreviewMatrix } from "../src/pipeline/preview.ts";
import { TINY } from "../src/presets.ts";
import { encodeSafetensors, tensorToWrite } from "../src/weights/safetensors-write.ts";
import { initialWeights } from "../src/weights/initial-weights.ts";

/** Words of a tiny bundle's vocabulary; the rest are `word3`, `word4`, ... */
const WORDS = ["a", "red", "cat", "dog", "blue", "house", "bad"];

/**
 * Writes a bundle of random weights from a seed: every layer is there and takes part (what starts at zero in training
 * is given small values), nothing is trained.
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
    provenance: { madeBy: "a test", sources: [] },
  }, async (write) => {
    await write("words.json", [new TextEncoder().encode(JSON.stringify({ format: "deadiff-words", formatVersion: 1, contextLength: config.text.context, words }))]);
    await write("weights.safetensors", encodeSafetensors(parameters.map(({ name, spec }) => {
      const data = values.get(name);
      if (data === undefined) throw new DeadiffError("weight_missing", name);
      return tensorToWrite(name, { dtype: "float32", dims: spec.shape, data });
    })));
  });
}
