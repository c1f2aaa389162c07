import { at } from "../graph/dim.ts";
import * as op from "../graph/ops.ts";
import type { Tensor } from "../graph/tensor.ts";
import { embeddingSpec, layerNorm, linear, linearSpec, normSpec, overBatch } from "./layers.ts";
import { param } from "./params.ts";
import type { Params } from "./params.ts";

/** BERT's and the projections' layer normalisation. */
const EPS = 1e-12;

export type QFormerConfig = {
  width: number;
  layers: number;
  heads: number;
  /** Hidden width of the feed-forwards. */
  intermediate: number;
  /** Hidden width of the projection of the query states; four times their width, as in the released weights, where left out. */
  projection?: number;
  queries: number;
  vocabulary: number;
  maxPositions: number;
  /** Width of the image tokens it reads. */
  imageWidth: number;
  /** Token ids of the words that it is asked with. */
  conditions: { style: readonly number[]; content: readonly number[] };
};

const attentionSpec = (width: number, keyWidth: number) => ({
  q: linearSpec(width, width),
  k: linearSpec(keyWidth, width),
  v: linearSpec(keyWidth, width),
  out: linearSpec(width, width),
  norm: normSpec(width),
});

const feedForwardSpec = (width: number, intermediate: number) => ({
  up: linearSpec(width, intermediate),
  down: linearSpec(intermediate, width),
  norm: normSpec(width),
});

export const qFormerSpec = (c: QFormerConfig) => ({
  normImage: normSpec(c.imageWidth),
  queries: param([1, c.queries, c.width], { kind: "normal", std: 0.02 }),
  words: embeddingSpec(c.vocabulary, c.width),
  positions: embeddingSpec(c.maxPositions, c.width),
  normEmbeddings: normSpec(c.width),
  layers: Array.from({ length: c.layers }, () => ({
    selfAttention: attentionSpec(c.width, c.width),
    crossAttention: attentionSpec(c.width, c.imageWidth),
    feedForwardQuery: feedForwardSpec(c.width, c.intermediate),
    feedForwardText: feedForwardSpec(c.width, c.intermediate),
  })),
});
export type QFormerParams = Params<ReturnType<typeof qFormerSpec>>;

/** BERT's post-norm attention: LayerNorm(x + W_o Attention(x, keys)). */
function attend(params: Params<ReturnType<typeof attentionSpec>>, x: Tensor, keys: Tensor, heads: number): Tensor {
  const attended = op.attention(linear(params.q, x), linear(params.k, keys), linear(params.v, keys), { heads });
  return layerNorm(params.norm, op.add(linear(params.out, attended), x), EPS);
}

function feedForward(params: Params<ReturnType<typeof feedForwardSpec>>, x: Tensor): Tensor {
  return layerNorm(params.norm, op.add(linear(params.down, op.gelu(linear(params.up, x))), x), EPS);
}

/**
 * Reads an image under a text condition (Li et al. 2023, arXiv:2301.12597, 3.1, as DEADiff uses it): learned queries
 * and the condition's words attend to each other; the queries alone attend to the image, in every layer; queries and
 * words have feed-forwards of their own.
 *
 * @param image tokens of the vision encoder [B, P, C]
 * @param ids the condition, int64 [B, T]
 * @returns the query states [B, Q, W]
 */
export function qFormer(params: QFormerParams, config: QFormerConfig, image: Tensor, ids: Tensor): Tensor {
  const { heads, queries: q } = config;
  const imageTokens = layerNorm(params.normImage, image); // [B, P, C]
  const t = at(ids.shape, 1);
  const words = op.add(op.gather(params.words, ids), op.slice(params.positions, 0, 0, t)); // [B, T, W]
  const queries = overBatch(params.queries, image); // [B, Q, W]
  let x = layerNorm(params.normEmbeddings, op.concat([queries, words], 1), EPS); // [B, Q+T, W]
  const end = at(x.shape, 1);
  for (const [i, layer] of params.layers.entries()) {
    const mixed = attend(layer.selfAttention, x, x, heads); // [B, Q+T, W]
    const seen = attend(layer.crossAttention, op.slice(mixed, 1, 0, q), imageTokens, heads); // [B, Q, W]
    const query = feedForward(layer.feedForwardQuery, seen);
    if (i === params.layers.length - 1) return query; // The last layer's words are read by nobody.
    x = op.concat([query, feedForward(layer.feedForwardText, op.slice(mixed, 1, q, end))], 1);
  }
  return op.slice(x, 1, 0, q);
}

export const projectionSpec = ({ width, projection: hidden = 4 * width }: QFormerConfig) => ({
  norm: normSpec(width),
  up: linearSpec(width, hidden),
  down: linearSpec(hidden, width),
});
export type ProjectionParams = Params<ReturnType<typeof projectionSpec>>;

/**
 * Query states to image tokens: x + W2 QuickGELU(W1 LayerNorm(x)).
 * @param x [B, Q, E] @param dropoutMask [B, Q, E] of 0 and 1/(1-p), in training @returns [B, Q, E]
 */
export function projection(params: ProjectionParams, x: Tensor, dropoutMask?: Tensor): Tensor {
  const y = linear(params.down, op.quickGelu(linear(params.up, layerNorm(params.norm, x, EPS))));
  return op.add(x, dropoutMask === undefined ? y : op.mul(y, dropoutMask));
}
