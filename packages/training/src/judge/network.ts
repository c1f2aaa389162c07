/** The judge's networks: small convolutional embedders and a bag of words, unlike anything in the generator. */
import { layers, ops, param } from "@deadiff/core";
import type { Params, Tensor } from "@deadiff/core";

/** Side of the pictures that the judge looks at, pixels. */
export const JUDGE_SIDE = 64;

/** One embedder: residual blocks at falling resolution. */
export type EmbedderConfig = {
  /** Side of the squares of pixels that the first convolution sees as channels. */
  readonly patch: number;
  /** Width of each level, finest first; each level after the first halves the resolution. */
  readonly widths: readonly number[];
  /** Residual blocks of each level. */
  readonly blocks: readonly number[];
  readonly groups: number;
  /** Numbers in an embedding. */
  readonly embedding: number;
  /** What the embedding is read from: the last level's means in four quarters, or every level's means and deviations, which know no place. */
  readonly pool: "quarters" | "statistics";
};

/** How a picture is drawn: statistics of features, as in Huang & Belongie 2017 (arXiv:1703.06868). */
export const STYLE_JUDGE: EmbedderConfig = { patch: 4, widths: [32, 64, 96], blocks: [1, 2, 1], groups: 8, embedding: 64, pool: "statistics" };
/** What a picture shows. */
export const SUBJECT_JUDGE: EmbedderConfig = { patch: 4, widths: [48, 96, 144], blocks: [1, 1, 1], groups: 8, embedding: 96, pool: "quarters" };

const blockSpec = (width: number) => ({
  norm1: layers.normSpec(width), conv1: layers.convSpec(width, width, 3),
  norm2: layers.normSpec(width), conv2: layers.convSpec(width, width, 3),
});

const at = (list: readonly number[], i: number): number => {
  const value = list[i];
  if (value === undefined) throw new RangeError(`a judge's embedder needs ${i + 1} widths and blocks`);
  return value;
};

/** Parameters of an embedder. */
export const embedderSpec = (c: EmbedderConfig) => ({
  stem: layers.convSpec(3 * c.patch ** 2, at(c.widths, 0), 3),
  levels: c.widths.map((width, i) => ({
    down: i === 0 ? undefined : layers.convSpec(4 * at(c.widths, i - 1), width, 1),
    blocks: Array.from({ length: at(c.blocks, i) }, () => blockSpec(width)),
  })),
  norm: c.pool === "quarters" ? layers.normSpec(at(c.widths, c.widths.length - 1)) : undefined,
  head: layers.linearSpec(pooledWidth(c), c.embedding),
});

/** Numbers in an embedder's pooled features. */
const pooledWidth = (c: EmbedderConfig): number =>
  c.pool === "quarters" ? 4 * at(c.widths, c.widths.length - 1) : 2 * c.widths.reduce((total, width) => total + width, 0);

const EPS = 1e-5;

function block(p: Params<ReturnType<typeof blockSpec>>, c: EmbedderConfig, x: Tensor): Tensor {
  const h = layers.conv(p.conv1, ops.silu(layers.groupNorm(p.norm1, x, c.groups, EPS)));
  return ops.add(x, layers.conv(p.conv2, ops.silu(layers.groupNorm(p.norm2, h, c.groups, EPS))));
}

/** Mean over positions, and beside it the deviation from it. [B, C, h, w] -> [B, 2 C] */
function statistics(x: Tensor): Tensor {
  const mean = ops.mean(x, [2, 3], { keepDims: true });
  const deviation = ops.sqrt(ops.add(ops.mean(ops.square(ops.sub(x, mean)), [2, 3]), 1e-4));
  return ops.concat([ops.flatten(mean, 1, 4), deviation], 1);
}

/** Means of the four quarters of a square of positions. [B, C, h, h] -> [B, 4 C] */
function quarters(x: Tensor): Tensor {
  const [h, w] = [Number(x.shape[2]), Number(x.shape[3])];
  const halves = [ops.slice(x, 2, 0, h / 2), ops.slice(x, 2, h / 2, h)];
  return ops.concat(halves.flatMap((half) => [ops.slice(half, 3, 0, w / 2), ops.slice(half, 3, w / 2, w)]).map((quarter) => ops.mean(quarter, [2, 3])), 1);
}

/** x / |x| over the last axis. */
const unit = (x: Tensor): Tensor => ops.div(x, ops.sqrt(ops.add(ops.sum(ops.square(x), [-1], { keepDims: true }), 1e-6)));

/** A picture's pooled features and, from them, its embedding of length 1. @param pixels -1..1 [B, 3, 64, 64] @returns [B, F] and [B, E] */
export function embedPictures(p: Params<ReturnType<typeof embedderSpec>>, c: EmbedderConfig, pixels: Tensor): { features: Tensor; embedding: Tensor } {
  let x = layers.conv(p.stem, layers.fold(pixels, c.patch)); // [B, C, h, w]
  const pooled: Tensor[] = [];
  for (const level of p.levels) {
    if (level.down !== undefined) x = layers.conv(level.down, layers.fold(x, 2));
    for (const one of level.blocks) x = block(one, c, x);
    if (c.pool === "statistics") pooled.push(statistics(x));
  }
  const features = p.norm === undefined ? ops.concat(pooled, 1) : quarters(ops.silu(layers.groupNorm(p.norm, x, c.groups, EPS)));
  return { features, embedding: unit(layers.linear(p.head, features)) };
}

/** Parameters of the names' side: a table of words and one residual layer over their mean. */
export const namesSpec = (words: number, width: number) => ({
  words: param([words, width], { kind: "normal", std: 0.1 }),
  hidden: layers.linearSpec(width, 2 * width),
  out: layers.linearSpec(2 * width, width, { zero: true }),
});

/**
 * Embeddings of length 1 of names as bags of words.
 * @param ids int64 [N, T] @param share of each word in its name's mean, 0 past its end [N, T, 1] @returns [N, E]
 */
export function embedNames(p: Params<ReturnType<typeof namesSpec>>, ids: Tensor, share: Tensor): Tensor {
  const mean = ops.sum(ops.mul(ops.gather(p.words, ids), share), [1]); // [N, E]
  return unit(ops.add(mean, layers.linear(p.out, ops.silu(layers.linear(p.hidden, mean)))));
}
