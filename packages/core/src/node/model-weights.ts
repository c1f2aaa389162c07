import { DeadiffError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import type { ExternalLocation } from "../graph/onnx/emitter.ts";
import { toOnnx } from "../graph/onnx/lower.ts";
import type { Profile } from "../graph/onnx/profile.ts";
import type { SessionSource } from "../session.ts";
import type { Bundle } from "./open-bundle.ts";
import { openSafetensorsFile } from "./safetensors-file.ts";

/** Where each weight of a bundle lies, for graphs that refer to the bundle's own file instead of copying it. */
export type ModelWeights = {
  folder: string;
  /** Identity of the weight files: caches are keyed by it. */
  hash: string;
  /** @throws DeadiffError `weight_missing` */
  locate: (name: string) => ExternalLocation;
};

/** Reads the headers of a bundle's weight files; the weights themselves stay on disk. */
export async function modelWeights(bundle: Bundle<unknown>): Promise<ModelWeights> {
  const locations = new Map<string, ExternalLocation>();
  for (const file of bundle.manifest.weights) {
    const weights = await openSafetensorsFile(bundle.path(file));
    await weights.close();
    for (const { name, dtype, fileOffset, byteLength } of weights.tensors.values()) {
      if (dtype !== "F16" && dtype !== "F32") throw new DeadiffError("bundle_invalid", `${file}: ${name} is stored as ${dtype}; weights are F16 or F32`);
      locations.set(name, { file, offset: fileOffset, bytes: byteLength, dtype: dtype === "F16" ? "float16" : "float32" });
    }
  }
  const sums = new Map(bundle.manifest.files.map((f) => [f.path, f.sha256]));
  return {
    folder: bundle.folder,
    hash: bundle.manifest.weights.map((file) => sums.get(file) ?? "").join("+"),
    locate(name) {
      const location = locations.get(name);
      if (location === undefined) throw new DeadiffError("weight_missing", `the bundle ${bundle.manifest.name} holds no weight ${name}`);
      return location;
    },
  };
}

/** A graph over a bundle's weights, ready to be opened by a runtime. */
export const sessionSource = (graph: Graph, weights: ModelWeights, profile: Profile): SessionSource => ({
  name: graph.name,
  onnx: toOnnx(graph, { profile, parameters: { kind: "external", locate: weights.locate } }),
  weightsFolder: weights.folder,
  weightsHash: weights.hash,
});
