import { at } from "../graph/dim.ts";
import * as op from "../graph/ops.ts";
import type { Tensor } from "../graph/tensor.ts";
import { crossAttention, crossAttentionSpec, selfAttention, selfAttentionSpec } from "./attention.ts";
import type { LayerKeys } from "./attention.ts";
import { conv, convSpec, fold, groupNorm, layerNorm, linear, linearSpec, normSpec, toPlanes, toTokens, unfold } from "./layers.ts";
import type { Params } from "./params.ts";

export type UNetConfig = {
  /** Channels of the latent. */
  latentChannels: number;
  /** Unit of the widths; time embeddings are four times as wide. */
  channels: number;
  /** Width of each level, as a multiple of `channels`, finest first. */
  multipliers: readonly number[];
  resBlocks: number;
  /** Levels with transformers, by their downsampling factor (1 = finest). */
  attentionFactors: readonly number[];
  heads: number;
  /** Groups of the group normalisations. */
  groups: number;
  contextWidth: number;
  /** Side of the squares of latent positions that the first convolution sees as channels (1: none, as in SD 1.5). */
  patch: number;
};

/** Epsilons of the group normalisations in front of transformers and elsewhere. */
const TRANSFORMER_EPS = 1e-6;
const EPS = 1e-5;

const resBlockSpec = (inChannels: number, outChannels: number, timeWidth: number) => ({
  norm1: normSpec(inChannels),
  conv1: convSpec(inChannels, outChannels, 3),
  time: linearSpec(timeWidth, outChannels),
  norm2: normSpec(outChannels),
  conv2: convSpec(outChannels, outChannels, 3, { zero: true }),
  skip: inChannels === outChannels ? undefined : convSpec(inChannels, outChannels, 1),
});

const transformerSpec = (channels: number) => ({
  norm: normSpec(channels),
  projIn: convSpec(channels, channels, 1),
  norm1: normSpec(channels),
  selfAttention: selfAttentionSpec(channels),
  norm2: normSpec(channels),
  crossAttention: crossAttentionSpec(channels),
  norm3: normSpec(channels),
  /** GEGLU: value and gate halves, stacked in that order. */
  feedForward: { up: linearSpec(channels, 8 * channels), down: linearSpec(4 * channels, channels) },
  projOut: convSpec(channels, channels, 1, { zero: true }),
});

type Stage = { inChannels: number; channels: number; attention: boolean };
type Level = { blocks: Stage[]; channels: number };

/**
 * Width of the finest level, and of the first convolution: a narrower one could not pass the latent on, and noise would
 * stay that the network never sees.
 */
const finestWidth = (c: UNetConfig): number => c.channels * at(c.multipliers, 0);

/** Channel bookkeeping of both halves: what each residual block reads and writes, and where transformers stand. */
function stages(c: UNetConfig): { down: Level[]; middle: number; up: Level[] } {
  let current = finestWidth(c);
  const skips = [current];
  const down = c.multipliers.map((multiplier, i): Level => {
    const channels = multiplier * c.channels;
    const attention = c.attentionFactors.includes(2 ** i);
    const blocks = Array.from({ length: c.resBlocks }, (): Stage => {
      const stage = { inChannels: current, channels, attention };
      current = channels;
      skips.push(current);
      return stage;
    });
    if (i < c.multipliers.length - 1) skips.push(current);
    return { blocks, channels };
  });
  const middle = current;
  const up = [...c.multipliers.entries()].reverse().map(([i, multiplier]): Level => {
    const channels = multiplier * c.channels;
    const attention = c.attentionFactors.includes(2 ** i);
    const blocks = Array.from({ length: c.resBlocks + 1 }, (): Stage => {
      const stage = { inChannels: current + (skips.pop() ?? 0), channels, attention };
      current = channels;
      return stage;
    });
    return { blocks, channels };
  });
  return { down, middle, up };
}

/** Widths of the cross-attention layers in running order: down, middle, up (16 of them in SD 1.5). */
export function crossAttentionWidths(c: UNetConfig): number[] {
  const { down, middle, up } = stages(c);
  const widths = (levels: Level[]): number[] => levels.flatMap(({ blocks }) => blocks.flatMap((b) => (b.attention ? [b.channels] : [])));
  return [...widths(down), middle, ...widths(up)];
}

const blockSpec = ({ inChannels, channels, attention }: Stage, timeWidth: number) => ({
  res: resBlockSpec(inChannels, channels, timeWidth),
  transformer: attention ? transformerSpec(channels) : undefined,
});

export function uNetSpec(c: UNetConfig) {
  const timeWidth = 4 * c.channels;
  const { down, middle, up } = stages(c);
  const finest = finestWidth(c);
  return {
    time: [linearSpec(c.channels, timeWidth), linearSpec(timeWidth, timeWidth)] as const,
    convIn: convSpec(c.latentChannels * c.patch ** 2, finest, 3),
    down: down.map(({ blocks, channels }, i) => ({
      blocks: blocks.map((b) => blockSpec(b, timeWidth)),
      downsample: i < down.length - 1 ? convSpec(channels, channels, 3) : undefined,
    })),
    middle: {
      res1: resBlockSpec(middle, middle, timeWidth),
      transformer: transformerSpec(middle),
      res2: resBlockSpec(middle, middle, timeWidth),
    },
    up: up.map(({ blocks, channels }, i) => ({
      blocks: blocks.map((b) => blockSpec(b, timeWidth)),
      upsample: i < up.length - 1 ? convSpec(channels, channels, 3) : undefined,
    })),
    normOut: normSpec(finest),
    convOut: convSpec(finest, c.latentChannels * c.patch ** 2, 3, { zero: true }),
  };
}
export type UNetParams = Params<ReturnType<typeof uNetSpec>>;

/**
 * Sinusoids of the timestep, cosines first: frequencies 10000^(-i / (width / 2)) (Ho et al. 2020, arXiv:2006.11239).
 * @param timestep [B], 0..1000, may be fractional @returns [B, width]
 */
export function timestepEmbedding(timestep: Tensor, width: number): Tensor {
  const half = width / 2;
  const frequencies = Float64Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10000) * i) / half));
  const angles = op.mul(op.reshape(timestep, [at(timestep.shape, 0), 1]), op.constant(frequencies, [1, half])); // [B, width/2]
  return op.concat([op.cos(angles), op.sin(angles)], 1);
}

/** @param x [B, C, h, w] @param time SiLU of the time embedding [B, 4 channels] @returns [B, C', h, w] */
function resBlock(params: Params<ReturnType<typeof resBlockSpec>>, x: Tensor, time: Tensor, groups: number): Tensor {
  const h = conv(params.conv1, op.silu(groupNorm(params.norm1, x, groups, EPS)));
  const shift = linear(params.time, time); // [B, C']
  const shifted = op.add(h, op.reshape(shift, [...shift.shape, 1, 1]));
  const y = conv(params.conv2, op.silu(groupNorm(params.norm2, shifted, groups, EPS)));
  return op.add(params.skip === undefined ? x : conv(params.skip, x), y);
}

/** value(x) GELU(gate(x)) (Shazeer 2020, arXiv:2002.05202); the weights are split, not the wide activations. */
function geglu({ weight, bias }: { weight: Tensor; bias: Tensor }, x: Tensor): Tensor {
  const width = Number(at(weight.shape, 0));
  const half = (start: number) => ({ weight: op.slice(weight, 0, start, start + width / 2), bias: op.slice(bias, 0, start, start + width / 2) });
  return op.mul(linear(half(0), x), op.gelu(linear(half(width / 2), x)));
}

/** @param x [B, C, h, w] @returns [B, C, h, w] */
function transformer(params: Params<ReturnType<typeof transformerSpec>>, x: Tensor, keys: LayerKeys, c: UNetConfig): Tensor {
  let tokens = toTokens(conv(params.projIn, groupNorm(params.norm, x, c.groups, TRANSFORMER_EPS))); // [B, L, C]
  tokens = op.add(tokens, selfAttention(params.selfAttention, layerNorm(params.norm1, tokens), c.heads));
  tokens = op.add(tokens, crossAttention(params.crossAttention, layerNorm(params.norm2, tokens), keys, c.heads));
  tokens = op.add(tokens, linear(params.feedForward.down, geglu(params.feedForward.up, layerNorm(params.norm3, tokens))));
  return op.add(x, conv(params.projOut, toPlanes(tokens, x)));
}

/**
 * The diffusion U-Net (Rombach et al. 2022, arXiv:2112.10752) with joint text-image cross-attention.
 *
 * @param latent noisy latent [B, C, h, w]; h and w divisible by patch 2^(levels-1)
 * @param timestep [B], 0..1000
 * @param keys keys and values of each cross-attention layer, in running order
 * @returns the prediction (noise, or v) [B, C, h, w]
 * @throws TypeError where the number of layers' keys does not fit
 */
export function uNet(params: UNetParams, c: UNetConfig, latent: Tensor, timestep: Tensor, keys: readonly LayerKeys[]): Tensor {
  const layers = crossAttentionWidths(c).length;
  if (keys.length !== layers) throw new TypeError(`uNet: needs the keys of ${layers} cross-attention layers, got ${keys.length}`);
  const remaining = keys.values();
  const [time1, time2] = params.time;
  const time = op.silu(linear(time2, op.silu(linear(time1, timestepEmbedding(timestep, c.channels))))); // [B, 4 channels]

  type Block = Params<ReturnType<typeof blockSpec>>;
  const run = (block: Block, x: Tensor): Tensor => {
    const y = resBlock(block.res, x, time, c.groups);
    return block.transformer === undefined ? y : transformer(block.transformer, y, next(remaining), c);
  };

  let x = conv(params.convIn, fold(latent, c.patch));
  const skips = [x];
  for (const { blocks, downsample } of params.down) {
    for (const block of blocks) skips.push(x = run(block, x));
    if (downsample !== undefined) skips.push(x = conv(downsample, x, { stride: 2, pads: 1 }));
  }
  x = resBlock(params.middle.res1, x, time, c.groups);
  x = transformer(params.middle.transformer, x, next(remaining), c);
  x = resBlock(params.middle.res2, x, time, c.groups);
  for (const { blocks, upsample } of params.up) {
    for (const block of blocks) x = run(block, op.concat([x, pop(skips)], 1));
    if (upsample !== undefined) x = conv(upsample, op.upsample(x));
  }
  return unfold(conv(params.convOut, op.silu(groupNorm(params.normOut, x, c.groups, EPS))), c.patch);
}

function next(keys: IterableIterator<LayerKeys>): LayerKeys {
  const result = keys.next();
  if (result.done === true) throw new TypeError("uNet: more transformers than keys");
  return result.value;
}

function pop(skips: Tensor[]): Tensor {
  const x = skips.pop();
  if (x === undefined) throw new TypeError("uNet: more up blocks than skip connections");
  return x;
}
