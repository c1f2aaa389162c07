/**
 * Layers shared by the networks: each a spec of its weights beside the function over them.
 *
 * Dimension letters in shape comments, here and in every model: B batch, H W pixels, h w latent, C channels, L latent
 * positions (h w), P patches and class token, Q queries (image tokens of a branch), T text tokens, S keys (T or T + Q),
 * N heads, D size of a head, E context width.
 */
import { at, floorDivDim, mulDims } from "../graph/dim.ts";
import type { Dim } from "../graph/dim.ts";
import * as op from "../graph/ops.ts";
import type { Tensor } from "../graph/tensor.ts";
import { param } from "./params.ts";
import type { Init, Params } from "./params.ts";

const ZEROS: Init = { kind: "zeros" };
const ONES: Init = { kind: "ones" };
/** Keeps the variance of activations (LeCun et al. 1998, "Efficient BackProp", 4.6). */
const lecun = (fanIn: number): Init => ({ kind: "normal", std: 1 / Math.sqrt(fanIn) });

export type LayerOptions = { zero?: boolean };

export const linearSpec = (inWidth: number, outWidth: number, { zero = false }: LayerOptions = {}) => ({
  weight: param([outWidth, inWidth], zero ? ZEROS : lecun(inWidth)),
  bias: param([outWidth], ZEROS),
});
export const linearNoBiasSpec = (inWidth: number, outWidth: number) => ({ weight: param([outWidth, inWidth], lecun(inWidth)) });

/** x W^T + b over the last axis. @param weight [O, I] @param x [..., I] @returns [..., O] */
export function linear({ weight, bias }: { weight: Tensor; bias?: Tensor }, x: Tensor): Tensor {
  const y = op.matmul(x, op.transposeLast(weight));
  return bias === undefined ? y : op.add(y, bias);
}

export const convSpec = (inChannels: number, outChannels: number, kernel: number, { zero = false }: LayerOptions = {}) => ({
  weight: param([outChannels, inChannels, kernel, kernel], zero ? ZEROS : lecun(inChannels * kernel * kernel)),
  bias: param([outChannels], ZEROS),
});

/** Convolution that keeps the size at stride 1 (padding of half the kernel). @param x [B, I, H, W] @returns [B, O, H, W] */
export function conv({ weight, bias }: { weight: Tensor; bias?: Tensor }, x: Tensor, options: op.ConvOptions = {}): Tensor {
  const pads = options.pads ?? (Number(at(weight.shape, 2)) - 1) / 2;
  return op.conv(x, weight, bias, { ...options, pads });
}

export const normSpec = (width: number) => ({ weight: param([width], ONES), bias: param([width], ZEROS) });
export type NormParams = Params<ReturnType<typeof normSpec>>;

export const layerNorm = ({ weight, bias }: NormParams, x: Tensor, eps = 1e-5): Tensor => op.layerNorm(x, weight, bias, eps);
export const groupNorm = ({ weight, bias }: NormParams, x: Tensor, groups: number, eps: number): Tensor => op.groupNorm(x, weight, bias, groups, eps);

export const embeddingSpec = (rows: number, width: number, std = 0.02) => param([rows, width], { kind: "normal", std });

/** [B, C, h, w] -> [B, h w, C] */
export const toTokens = (x: Tensor): Tensor => op.transpose(op.flatten(x, 2, 4), [0, 2, 1]);

/** [B, h w, C] -> [B, C, h, w], with the size of `like`. */
export function toPlanes(tokens: Tensor, like: Tensor): Tensor {
  const [b, , h, w] = like.shape;
  if (b === undefined || h === undefined || w === undefined) throw new TypeError("toPlanes: `like` must be [B, C, h, w]");
  return op.reshape(op.transpose(tokens, [0, 2, 1]), [b, at(tokens.shape, 2), h, w]);
}

/** Repeats a parameter of shape [1, ...] over the batch of `like`. */
export const overBatch = (x: Tensor, like: Tensor): Tensor => op.broadcast(x, [at(like.shape, 0), ...x.shape.slice(1)]);

/** Folds squares of `size` x `size` positions into channels. [B, C, H, W] -> [B, C size size, H/size, W/size] */
export function fold(x: Tensor, size: number): Tensor {
  if (size === 1) return x;
  const [b, c, h, w] = fourOf(x);
  const [hs, ws] = [floorDivDim(h, size), floorDivDim(w, size)];
  const cells = op.transpose(op.reshape(x, [b, c, hs, size, ws, size]), [0, 1, 3, 5, 2, 4]);
  return op.reshape(cells, [b, mulDims(c, size * size), hs, ws]);
}

/** The inverse of `fold`. [B, C size size, h, w] -> [B, C, h size, w size] */
export function unfold(x: Tensor, size: number): Tensor {
  if (size === 1) return x;
  const [b, c, h, w] = fourOf(x);
  const channels = floorDivDim(c, size * size);
  const cells = op.transpose(op.reshape(x, [b, channels, size, size, h, w]), [0, 1, 4, 2, 5, 3]);
  return op.reshape(cells, [b, channels, mulDims(h, size), mulDims(w, size)]);
}

function fourOf(x: Tensor): [Dim, Dim, Dim, Dim] {
  const [b, c, h, w] = x.shape;
  if (b === undefined || c === undefined || h === undefined || w === undefined) throw new TypeError("needs [B, C, H, W]");
  return [b, c, h, w];
}
