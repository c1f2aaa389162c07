import * as op from "../graph/ops.ts";
import type { Tensor } from "../graph/tensor.ts";
import { linear, linearNoBiasSpec, linearSpec } from "./layers.ts";
import type { Params } from "./params.ts";

/** Query, key and value projections without bias, as in Stable Diffusion. */
export const selfAttentionSpec = (width: number) => ({
  q: linearNoBiasSpec(width, width),
  k: linearNoBiasSpec(width, width),
  v: linearNoBiasSpec(width, width),
  out: linearSpec(width, width),
});

/** @param x [B, L, C] @returns [B, L, C] */
export function selfAttention(params: Params<ReturnType<typeof selfAttentionSpec>>, x: Tensor, heads: number): Tensor {
  return linear(params.out, op.attention(linear(params.q, x), linear(params.k, x), linear(params.v, x), { heads }));
}

/** The U-Net's side of a cross-attention layer; keys and values come from `conditioning`. */
export const crossAttentionSpec = (width: number) => ({ q: linearNoBiasSpec(width, width), out: linearSpec(width, width) });

/** Projections of the context to one layer's keys and values: frozen text ones and trained image ones. */
export const contextProjectionSpec = (contextWidth: number, width: number) => ({
  textK: linearNoBiasSpec(contextWidth, width),
  textV: linearNoBiasSpec(contextWidth, width),
  imageK: linearNoBiasSpec(contextWidth, width),
  imageV: linearNoBiasSpec(contextWidth, width),
});
export type ContextProjectionParams = Params<ReturnType<typeof contextProjectionSpec>>;

/**
 * Keys and values of one layer, which do not depend on the timestep.
 * - `joint` (DEADiff): text and image keys side by side in one softmax.
 * - `added` (IP-Adapter): a second attention over the image keys, added to the first.
 */
export type LayerKeys =
  | { kind: "joint"; k: Tensor; v: Tensor }
  | { kind: "added"; k: Tensor; v: Tensor; imageK: Tensor; imageV: Tensor };

/** @param x [B, L, C] @returns [B, L, C] */
export function crossAttention(params: Params<ReturnType<typeof crossAttentionSpec>>, x: Tensor, keys: LayerKeys, heads: number): Tensor {
  const q = linear(params.q, x);
  const attended = op.attention(q, keys.k, keys.v, { heads });
  switch (keys.kind) {
    case "joint": return linear(params.out, attended);
    case "added": return linear(params.out, op.add(attended, op.attention(q, keys.imageK, keys.imageV, { heads })));
  }
}

/**
 * One layer's keys and values.
 *
 * joint: K = [W_k c_text ; g W_kI c_image], V = [W_v c_text ; g W_vI c_image] (Qi et al. 2024, arXiv:2403.06951, eq. 4-6,
 * with the gain of the authors' code on K and V alike). added: image keys as they are, the gain on V alone, which
 * scales that attention's output (Ye et al. 2023, arXiv:2308.06721, eq. 5).
 *
 * @param text [B, T, E] @param image [B, Q, E], or null: no image keys at all, the true off switch
 * @param gain [B, 1, 1]
 * @throws TypeError where text and image differ in batch or width
 */
export function layerKeys(params: ContextProjectionParams, kind: LayerKeys["kind"], text: Tensor, image: Tensor | null, gain: Tensor): LayerKeys {
  const k = linear(params.textK, text), v = linear(params.textV, text);
  if (image === null) return { kind: "joint", k, v };
  const imageK = linear(params.imageK, image), imageV = linear(params.imageV, image);
  switch (kind) {
    case "joint": return { kind, k: op.concat([k, op.mul(imageK, gain)], 1), v: op.concat([v, op.mul(imageV, gain)], 1) };
    case "added": return { kind, k, v, imageK, imageV: op.mul(imageV, gain) };
  }
}
