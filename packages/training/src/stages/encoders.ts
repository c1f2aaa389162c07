import { bindParams, deadiffSpec, layers, listParams, ops, param, textEncoder, visionEncoder } from "@deadiff/core";
import type { DeadiffConfig, Tensor } from "@deadiff/core";
import type { Objective } from "../train/objective.ts";

/** x / |x| over the last axis. */
export const normalise = (x: Tensor): Tensor => ops.div(x, ops.sqrt(ops.add(ops.sum(ops.square(x), [-1], { keepDims: true }), 1e-6)));

/** Cross-entropy of a square of logits with its diagonal as the right answers. @param logits [B, B] */
function diagonalCrossEntropy(logits: Tensor, size: number): Tensor {
  const diagonal = ops.constant(Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? -1 / size : 0)), [size, size]);
  return ops.sum(ops.mul(ops.logSoftmax(logits), diagonal));
}

/**
 * CLIP's loss: rows of one side against rows of the other, both ways, with a learned temperature.
 * @param a unit rows [B, E] @param b unit rows [B, E] @param scale logarithm of the inverse temperature, relative to ln(1 / 0.07) [1]
 */
export function contrast(a: Tensor, b: Tensor, scale: Tensor, size: number): { loss: Tensor; scale: Tensor } {
  const factor = ops.minimum(ops.exp(ops.add(scale, Math.log(1 / 0.07))), ops.constant([100], [1]));
  const logits = ops.mul(ops.matmul(a, ops.transposeLast(b)), factor); // [B, B]
  const loss = ops.mul(0.5, ops.add(diagonalCrossEntropy(logits, size), diagonalCrossEntropy(ops.transposeLast(logits), size)));
  return { loss, scale: ops.sum(factor) };
}

/**
 * The contrastive image-text encoders of mini's world (Radford et al. 2021, arXiv:2103.00020, figure 3): an image's mean
 * token against its caption's state at the end token. The mean, not the class token alone, so that patch tokens carry
 * what the Q-Former will read.
 */
export function encodersObjective(c: DeadiffConfig, batchSize: number): Objective {
  const spec = deadiffSpec(c);
  const headsSpec = {
    image: layers.linearNoBiasSpec(c.vision.width, c.text.width),
    text: layers.linearNoBiasSpec(c.text.width, c.text.width),
    /** Logarithm of the inverse temperature, relative to ln(1 / 0.07). */
    scale: param([1], { kind: "zeros" }),
  };
  const parameters = [...listParams(spec.text, "text"), ...listParams(spec.image.style.vision, "image.style.vision"), ...listParams(headsSpec, "contrast")];
  return {
    name: "encoders",
    parameters,
    trained: new Set(parameters.map((p) => p.name)),
    batch: {
      image: { shape: [batchSize, 3, c.vision.imageSize, c.vision.imageSize] },
      ids: { shape: [batchSize, c.text.context], dtype: "int64" },
      /** 1 at each caption's end token, 0 elsewhere. */
      end: { shape: [batchSize, c.text.context, 1] },
    },
    loss(batch) {
      const { image, ids, end } = batch as Record<"image" | "ids" | "end", Tensor>;
      const heads = bindParams(headsSpec, "contrast");
      const vision = visionEncoder(bindParams(spec.image.style.vision, "image.style.vision"), c.vision, image); // [B, P, C]
      const text = ops.sum(ops.mul(textEncoder(bindParams(spec.text, "text"), c.text, ids), end), [1]); // [B, E]
      return contrast(normalise(layers.linear(heads.image, ops.mean(vision, [1]))), normalise(layers.linear(heads.text, text)), heads.scale, batchSize);
    },
  };
}
