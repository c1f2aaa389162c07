import { at } from "../graph/dim.ts";
import * as op from "../graph/ops.ts";
import type { Tensor } from "../graph/tensor.ts";
import { conv, convSpec, fold, groupNorm, normSpec, toPlanes, toTokens, unfold } from "./layers.ts";
import type { Params } from "./params.ts";

export type VaeConfig = {
  /** Width at the finest level. */
  channels: number;
  /** Width of each level, as a multiple of `channels`, finest first; each level but the last halves the picture. */
  multipliers: readonly number[];
  resBlocks: number;
  latentChannels: number;
  groups: number;
  /** Side of the squares of pixels that the first convolution sees as channels (1: none, as in SD 1.5). */
  patch: number;
  /**
   * The encoder is one linear map of squares of pixels, and the decoder has its inverse as a path beside it. Set from the
   * squares' principal components, latents are defined before anything is trained, and the decoder can be improved at any
   * time without touching what was trained on them.
   */
  linear: boolean;
  /** Latents are multiplied by this before diffusion, so that their variance is about 1. */
  scale: number;
};

const EPS = 1e-6;

const resBlockSpec = (inChannels: number, outChannels: number) => ({
  norm1: normSpec(inChannels),
  conv1: convSpec(inChannels, outChannels, 3),
  norm2: normSpec(outChannels),
  conv2: convSpec(outChannels, outChannels, 3),
  skip: inChannels === outChannels ? undefined : convSpec(inChannels, outChannels, 1),
});

const attentionSpec = (channels: number) => ({
  norm: normSpec(channels),
  q: convSpec(channels, channels, 1),
  k: convSpec(channels, channels, 1),
  v: convSpec(channels, channels, 1),
  out: convSpec(channels, channels, 1),
});

const middleSpec = (channels: number) => ({
  res1: resBlockSpec(channels, channels),
  attention: attentionSpec(channels),
  res2: resBlockSpec(channels, channels),
});

/** `count` residual blocks, the first of which changes the width. */
const levelSpec = (inChannels: number, channels: number, count: number) =>
  Array.from({ length: count }, (_, i) => resBlockSpec(i === 0 ? inChannels : channels, channels));

/** Pixels per latent position, along one axis. */
export const vaeFactor = (c: VaeConfig): number => c.patch * 2 ** (c.multipliers.length - 1);

export function vaeSpec(c: VaeConfig) {
  const widths = c.multipliers.map((m) => m * c.channels);
  const deepest = at(widths, -1);
  const upward = [...widths].reverse();
  const square = 3 * vaeFactor(c) ** 2;
  return {
    encoder: c.linear ? { linear: convSpec(square, c.latentChannels, 1), network: undefined } : {
      linear: undefined,
      network: {
        convIn: convSpec(3 * c.patch ** 2, c.channels, 3),
        down: widths.map((width, i) => ({
          blocks: levelSpec(widths[i - 1] ?? c.channels, width, c.resBlocks),
          downsample: i < widths.length - 1 ? convSpec(width, width, 3) : undefined,
        })),
        middle: middleSpec(deepest),
        normOut: normSpec(deepest),
        convOut: convSpec(deepest, 2 * c.latentChannels, 3),
        quant: convSpec(2 * c.latentChannels, 2 * c.latentChannels, 1),
      },
    },
    decoder: {
      linear: c.linear ? convSpec(c.latentChannels, square, 1) : undefined,
      postQuant: convSpec(c.latentChannels, c.latentChannels, 1),
      convIn: convSpec(c.latentChannels, deepest, 3),
      middle: middleSpec(deepest),
      up: upward.map((width, i) => ({
        blocks: levelSpec(upward[i - 1] ?? deepest, width, c.resBlocks + 1),
        upsample: i < upward.length - 1 ? convSpec(width, width, 3) : undefined,
      })),
      normOut: normSpec(at(widths, 0)),
      convOut: convSpec(at(widths, 0), 3 * c.patch ** 2, 3, { zero: c.linear }),
    },
  };
}
export type VaeParams = Params<ReturnType<typeof vaeSpec>>;

/** @param x [B, C, H, W] @returns [B, C', H, W] */
function resBlock(params: Params<ReturnType<typeof resBlockSpec>>, x: Tensor, groups: number): Tensor {
  const h = conv(params.conv1, op.silu(groupNorm(params.norm1, x, groups, EPS)));
  const y = conv(params.conv2, op.silu(groupNorm(params.norm2, h, groups, EPS)));
  return op.add(params.skip === undefined ? x : conv(params.skip, x), y);
}

function middle(params: Params<ReturnType<typeof middleSpec>>, x: Tensor, groups: number): Tensor {
  const h = resBlock(params.res1, x, groups);
  const { norm, q, k, v, out } = params.attention;
  const a = groupNorm(norm, h, groups, EPS);
  const attended = op.attention(toTokens(conv(q, a)), toTokens(conv(k, a)), toTokens(conv(v, a)), { heads: 1 }); // [B, L, C]
  return resBlock(params.res2, op.add(h, conv(out, toPlanes(attended, h))), groups);
}

/**
 * Encoder of the KL autoencoder (Rombach et al. 2022, arXiv:2112.10752, 3.1).
 * @param pixels -1..1 [B, 3, H, W]
 * @returns mean and log variance of the latent, stacked [B, 2C, h, w], before `scale`; a linear encoder's variance is 1
 *   (log 0), for it has none
 */
export function vaeEncode({ linear, network }: VaeParams["encoder"], c: VaeConfig, pixels: Tensor): Tensor {
  if (network === undefined) return op.pad(conv(linear, fold(pixels, vaeFactor(c))), 1, 0, c.latentChannels);
  let x = conv(network.convIn, fold(pixels, c.patch));
  for (const { blocks, downsample } of network.down) {
    for (const block of blocks) x = resBlock(block, x, c.groups);
    // The authors pad at the far edges only; kept, because trained weights expect it.
    if (downsample !== undefined) x = conv(downsample, x, { stride: 2, pads: { top: 0, left: 0, bottom: 1, right: 1 } });
  }
  x = middle(network.middle, x, c.groups);
  return conv(network.quant, conv(network.convOut, op.silu(groupNorm(network.normOut, x, c.groups, EPS))));
}

/**
 * Decoder of the KL autoencoder.
 * @param latent after division by `scale` [B, C, h, w] @returns pixels, about -1..1, not clamped [B, 3, H, W]
 */
export function vaeDecode(params: VaeParams["decoder"], c: VaeConfig, latent: Tensor): Tensor {
  let x = middle(params.middle, conv(params.convIn, conv(params.postQuant, latent)), c.groups);
  for (const { blocks, upsample } of params.up) {
    for (const block of blocks) x = resBlock(block, x, c.groups);
    if (upsample !== undefined) x = conv(upsample, op.upsample(x));
  }
  const pixels = unfold(conv(params.convOut, op.silu(groupNorm(params.normOut, x, c.groups, EPS))), c.patch);
  return params.linear === undefined ? pixels : op.add(pixels, unfold(conv(params.linear, latent), vaeFactor(c)));
}
