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
export { denoiser } from "./sampling/denoiser.ts";
export { guide } from "./sampling/guidance.ts";
export { planSampling, SAMPLER_NAMES, SPACINGS } from "./sampling/plan.ts";
export type { SamplerName, Spacing } from "./sampling/plan.ts";
export { initialWeights } from "./weights/initial-weights.ts";

export { hostImage } from "./image/host-image.ts";
export type { HostImage } from "./image/host-image.ts";
export { fitImage } from "./image/fit.ts";
export type { ImageFit } from "./image/fit.ts";
export { clipPixels, imagesFromSigned, pixelsSigned } from "./image/pixels.ts";

export { samplingDefaults } from "./pipeline/defaults.ts";
export { GAIN_PRESETS, layerGains } from "./pipeline/gains.ts";
export type { GainPreset } from "./pipeline/gains.ts";
export { GRAPH_NAMES, graphNamed, latentMultiple } from "./pipeline/graphs.ts";
export type { GraphName } from "./pipeline/graphs.ts";
export type { Model, ModelFacts } from "./pipeline/model.ts";
export { parametersSchema } from "./pipeline/parameters.ts";
export type { Parameters } from "./pipeline/parameters.ts";
export type { PreviewMatrix } from "./pipeline/preview.ts";
export { passCount, referenceFit, referenceInfluence, resolveRequest, stylizeRequestSchema, stylizeSettings } from "./pipeline/request.ts";
export type { Reference, StylizeInput, StylizeRequest } from "./pipeline/request.ts";
export { rowKind, rowRunner } from "./pipeline/rows.ts";
export type { EvaluateRows, Evaluator, LatentShape, UNetRow } from "./pipeline/rows.ts";
export type { Conditions } from "./pipeline/keys.ts";
export type { Batching } from "./pipeline/sample.ts";
export {
  blendStyleCodes, decodeStyleCode, encodeStyleCode, interpolateStyleCodes, makeStyleCode, styleCodeFromBase64, styleCodeToBase64,
} from "./pipeline/style-code.ts";
export type { StyleCode } from "./pipeline/style-code.ts";
export { stylize } from "./pipeline/stylize.ts";
export { stylizeBatch } from "./pipeline/stylize-batch.ts";
export type { Stage, StylizedImage, StylizeEvent, StylizeOptions, StylizeResult } from "./pipeline/stylize.ts";
export type { Warning } from "./pipeline/warnings.ts";
