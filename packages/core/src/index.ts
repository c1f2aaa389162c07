/** What runs anywhere: graphs, networks, sampling, presets. Files and images are in `@deadiff/core/node`, ONNX Runtime in `@deadiff/core/ort`. */
export { DeadiffError } from "./errors.ts";
export type { HostTensor, Kept, MemoryReport, ProviderName, Runtime, Session, SessionSource } from "./session.ts";

export * as ops from "./graph/ops.ts";
export { grad } from "./graph/grad.ts";
export { nodesOf, parametersOf, trace } from "./graph/graph.ts";
export type { Graph, InputSpec } from "./graph/graph.ts";
export { interpret } from "./graph/interpret.ts";
export { print } from "./graph/print.ts";
export { simplify } from "./graph/simplify.ts";
export type { Dim, Shape } from "./graph/dim.ts";
export type { DType, Tensor } from "./graph/tensor.ts";
export { toOnnx } from "./graph/onnx/lower.ts";
export type { ExternalLocation } from "./graph/onnx/emitter.ts";
export { PROFILES } from "./graph/onnx/profile.ts";
export type { Profile } from "./graph/onnx/profile.ts";

export * as layers from "./models/layers.ts";
export { textEncoder, textEncoderSpec, visionEncoder, visionEncoderSpec } from "./models/clip.ts";
export { BRANCHES, branchTokens, conditioning, deadiffSpec, trainedParams, visionTokens } from "./models/deadiff.ts";
export type { Branch, DeadiffConfig, ImageTokens } from "./models/deadiff.ts";
export { bindParams, countParams, listParams, param } from "./models/params.ts";
export type { Params, ParamSpec } from "./models/params.ts";
export { crossAttentionWidths, uNet } from "./models/unet.ts";
export { vaeDecode, vaeEncode, vaeFactor } from "./models/vae.ts";
export { BERT_CONDITIONS, contentLayers, deadiffConfigSchema, MINI, SD15, TINY } from "./presets.ts";

export * from "./sampling/noise.ts";
export * from "./sampling/schedule.ts";
export { createWordTokenizer, splitWords } from "./text/word-tokenizer.ts";
export type { Tokenizer } from "./text/tokenizer.ts";
