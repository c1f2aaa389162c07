/**
 * DEADiff as a whole: its configuration, its parameters, and the functions from references and prompts to keys
 * (Qi et al. 2024, arXiv:2403.06951).
 */
import { at } from "../graph/dim.ts";
import * as op from "../graph/ops.ts";
import type { Tensor } from "../graph/tensor.ts";
import { contextProjectionSpec, layerKeys } from "./attention.ts";
import type { LayerKeys } from "./attention.ts";
import { textEncoderSpec, visionEncoder, visionEncoderSpec } from "./clip.ts";
import type { TextEncoderConfig, VisionEncoderConfig } from "./clip.ts";
import { listParams } from "./params.ts";
import type { Params } from "./params.ts";
import { projection, projectionSpec, qFormer, qFormerSpec } from "./q-former.ts";
import type { QFormerConfig } from "./q-former.ts";
import { crossAttentionWidths, uNetSpec } from "./unet.ts";
import type { UNetConfig } from "./unet.ts";
import { vaeSpec } from "./vae.ts";
import type { VaeConfig } from "./vae.ts";

/** What is asked of a reference; also the word its Q-Former is asked with. */
export const BRANCHES = ["style", "content"] as const;
export type Branch = (typeof BRANCHES)[number];

export type DeadiffConfig = {
  name: string;
  text: TextEncoderConfig;
  vision: VisionEncoderConfig;
  qFormer: QFormerConfig;
  /** One Q-Former asked with either word (the paper's drawing), or one each (the released weights). */
  sharedQFormer: boolean;
  /** One vision encoder for both branches. The released file holds one each; where they are equal, one is kept. */
  sharedVision: boolean;
  unet: UNetConfig;
  vae: VaeConfig;
  /** Which tokens each cross-attention layer reads, in running order. DEADiff: content in the coarse ones. */
  layerMap: readonly (Branch | "both")[];
  attention: LayerKeys["kind"];
  /** What the U-Net predicts. */
  prediction: "eps" | "v" | "x0";
};

const imageSpec = (c: DeadiffConfig) => ({
  style: { vision: visionEncoderSpec(c.vision), qFormer: qFormerSpec(c.qFormer), projection: projectionSpec(c.qFormer) },
  content: {
    vision: c.sharedVision ? undefined : visionEncoderSpec(c.vision),
    qFormer: c.sharedQFormer ? undefined : qFormerSpec(c.qFormer),
    projection: projectionSpec(c.qFormer),
  },
});

export const deadiffSpec = (c: DeadiffConfig) => ({
  text: textEncoderSpec(c.text),
  image: imageSpec(c),
  context: crossAttentionWidths(c.unet).map((width) => contextProjectionSpec(c.unet.contextWidth, width)),
  unet: uNetSpec(c.unet),
  vae: vaeSpec(c.vae),
});
export type DeadiffParams = Params<ReturnType<typeof deadiffSpec>>;

/**
 * Names of what DEADiff trains: Q-Formers with their queries (but not their word table or the norm of what they read),
 * projections, and the image keys and values of every layer. Everything else is frozen.
 */
export const trainedParams = (c: DeadiffConfig): string[] =>
  listParams(deadiffSpec(c)).map(({ name }) => name)
    .filter((name) => /^image\.\w+\.(projection|qFormer\.(?!words|normImage))/.test(name) || /^context\.\d+\.image[KV]\./.test(name));

/** The frozen half of reading a reference. @param image CLIP-normalised [B, 3, H, W] @returns [B, P, C] */
export const visionTokens = (params: DeadiffParams["image"], c: DeadiffConfig, branch: Branch, image: Tensor): Tensor =>
  visionEncoder(params[branch].vision ?? params.style.vision, c.vision, image);

/** The states of the branch's Q-Former, asked with the branch's word. @param vision [B, P, C] @returns [B, Q, E] */
export function queryStates(params: DeadiffParams["image"], c: DeadiffConfig, branch: Branch, vision: Tensor): Tensor {
  const words = c.qFormer.conditions[branch];
  const ids = op.broadcast(op.constant(words, [1, words.length], "int64"), [at(vision.shape, 0), words.length]);
  return qFormer(params[branch].qFormer ?? params.style.qFormer, c.qFormer, vision, ids);
}

/**
 * The trained half of reading a reference: image tokens of a branch from vision tokens.
 * @param vision [B, P, C] @param dropoutMask see `projection` @returns [B, Q, E]
 */
export const branchTokens = (params: DeadiffParams["image"], c: DeadiffConfig, branch: Branch, vision: Tensor, dropoutMask?: Tensor): Tensor =>
  projection(params[branch].projection, queryStates(params, c, branch, vision), dropoutMask);

/** Image tokens of each branch [B, Q, E]; zeros where a branch is not asked for. */
export type ImageTokens = Readonly<Record<Branch, Tensor>>;

/**
 * Keys and values of every cross-attention layer: the disentangled conditioning (section 3.3). They do not depend on
 * the timestep, so they are computed once a job.
 *
 * @param text [B, T, E]
 * @param image null leaves image keys out: the base model (zero tokens do not, they take softmax mass)
 * @param gains [B, layers], or null for 1 everywhere
 */
export function conditioning(
  params: DeadiffParams["context"], c: DeadiffConfig, text: Tensor, image: ImageTokens | null, gains: Tensor | null,
): LayerKeys[] {
  return params.map((layer, i) => {
    const branch = at(c.layerMap, i);
    const tokens = image === null ? null : branch === "both" ? op.concat([image.style, image.content], 1) : image[branch];
    const gain = gains === null ? op.constant([1], [1, 1, 1]) : op.reshape(op.slice(gains, 1, i, i + 1), [at(gains.shape, 0), 1, 1]);
    return layerKeys(layer, c.attention, text, tokens, gain);
  });
}
