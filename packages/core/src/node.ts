/** What needs Node: weight files, bundles, pictures. */
export { sha256OfFile } from "./node/hash-file.ts";
export { importCheckpoint } from "./node/import-checkpoint.ts";
export { modelWeights, sessionSource } from "./node/model-weights.ts";
export type { ModelWeights } from "./node/model-weights.ts";
export { openBundle } from "./node/open-bundle.ts";
export { openSafetensorsFile, writeSafetensorsFile } from "./node/safetensors-file.ts";
export { tensorToWrite } from "./weights/safetensors-write.ts";
export type { TensorToWrite } from "./weights/safetensors-write.ts";
export { float16Values, float32Values } from "./weights/host-tensor.ts";
export { writeBundle } from "./node/write-bundle.ts";
