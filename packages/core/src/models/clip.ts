import * as op from "../graph/ops.ts";
import type { Tensor } from "../graph/tensor.ts";
import { conv, embeddingSpec, layerNorm, linear, linearSpec, normSpec, overBatch } from "./layers.ts";
import { param } from "./params.ts";
import type { Params } from "./params.ts";

/** A CLIP tower's transformer: pre-norm blocks with QuickGELU and an MLP of four times the width. */
export type ClipTransformerConfig = { width: number; layers: number; heads: number };

export type TextEncoderConfig = ClipTransformerConfig & {
  vocabulary: number;
  /** Tokens of a prompt, start and end included. */
  context: number;
};

export type VisionEncoderConfig = ClipTransformerConfig & {
  /** Side of the square input, pixels. */
  imageSize: number;
  /** Side of a patch, pixels. */
  patch: number;
};

const blockSpec = (width: number) => ({
  norm1: normSpec(width),
  attention: { q: linearSpec(width, width), k: linearSpec(width, width), v: linearSpec(width, width), out: linearSpec(width, width) },
  norm2: normSpec(width),
  mlp: { up: linearSpec(width, 4 * width), down: linearSpec(4 * width, width) },
});

const blocksSpec = ({ layers, width }: ClipTransformerConfig) => Array.from({ length: layers }, () => blockSpec(width));

/** One residual attention block (Radford et al. 2021, arXiv:2103.00020). @param x [B, T, C] */
function block(params: Params<ReturnType<typeof blockSpec>>, x: Tensor, heads: number, causal: boolean): Tensor {
  const { q, k, v, out } = params.attention;
  const a = layerNorm(params.norm1, x);
  const attended = op.attention(linear(q, a), linear(k, a), linear(v, a), { heads, causal });
  const y = op.add(x, linear(out, attended));
  const m = layerNorm(params.norm2, y);
  return op.add(y, linear(params.mlp.down, op.quickGelu(linear(params.mlp.up, m))));
}

export const textEncoderSpec = (config: TextEncoderConfig) => ({
  tokens: embeddingSpec(config.vocabulary, config.width),
  positions: embeddingSpec(config.context, config.width, 0.01),
  blocks: blocksSpec(config),
  normFinal: normSpec(config.width),
});
export type TextEncoderParams = Params<ReturnType<typeof textEncoderSpec>>;

/**
 * CLIP's text transformer, causal, all hidden states after the final norm (what Stable Diffusion conditions on).
 * @param ids int64 [B, T] @returns [B, T, E]
 */
export function textEncoder(params: TextEncoderParams, config: TextEncoderConfig, ids: Tensor): Tensor {
  const embedded = op.add(op.gather(params.tokens, ids), params.positions); // [B, T, E]
  const x = params.blocks.reduce((h, b) => block(b, h, config.heads, true), embedded);
  return layerNorm(params.normFinal, x);
}

export const visionEncoderSpec = (config: VisionEncoderConfig) => ({
  patches: { weight: param([config.width, 3, config.patch, config.patch], { kind: "normal", std: 1 / Math.sqrt(3 * config.patch ** 2) }) },
  classToken: param([config.width], { kind: "normal", std: 0.02 }),
  positions: embeddingSpec((config.imageSize / config.patch) ** 2 + 1, config.width),
  normPre: normSpec(config.width),
  blocks: blocksSpec(config),
});
export type VisionEncoderParams = Params<ReturnType<typeof visionEncoderSpec>>;

/**
 * CLIP's vision transformer up to its last block used: every token, no final norm. DEADiff takes 23 of ViT-L's 24
 * blocks, so its config says 23 layers.
 * @param image CLIP-normalised [B, 3, H, W] @returns [B, P, C], class token first
 */
export function visionEncoder(params: VisionEncoderParams, config: VisionEncoderConfig, image: Tensor): Tensor {
  const planes = conv(params.patches, image, { stride: config.patch, pads: 0 }); // [B, C, H/p, W/p]
  const patches = op.transpose(op.flatten(planes, 2, 4), [0, 2, 1]); // [B, P-1, C]
  const classToken = overBatch(op.reshape(params.classToken, [1, 1, config.width]), image); // [B, 1, C]
  const embedded = op.add(op.concat([classToken, patches], 1), params.positions); // [B, P, C]
  return params.blocks.reduce((h, b) => block(b, h, config.heads, false), layerNorm(params.normPre, embedded));
}

