/** What the judge's two networks minimise, each on real pictures alone. */
import { bindParams, listParams, ops, param } from "@deadiff/core";
import type { Tensor } from "@deadiff/core";
import type { Objective } from "../train/objective.ts";
import { embedderSpec, embedNames, embedPictures, JUDGE_SIDE, namesSpec } from "./network.ts";
import type { EmbedderConfig } from "./network.ts";

/** Temperature of the style contrast (Khosla et al. 2020, arXiv:2004.11362, section 4.2, use 0.1). */
const TEMPERATURE = 0.1;

const pictures = (batchSize: number) => ({ shape: [batchSize, 3, JUDGE_SIDE, JUDGE_SIDE] });

/**
 * Supervised contrast of pictures by style: L_out of Khosla et al. 2020 (arXiv:2004.11362, equation 2). Each row of
 * `positives` spreads 1 over the other pictures of the same style.
 */
export function styleJudgeObjective(c: EmbedderConfig, batchSize: number): Objective {
  const spec = embedderSpec(c);
  const parameters = listParams(spec, "style");
  return {
    name: "judge-style",
    parameters,
    trained: new Set(parameters.map(({ name }) => name)),
    batch: { pixels: pictures(batchSize), positives: { shape: [batchSize, batchSize] } },
    loss(batch) {
      const { pixels, positives } = batch as Record<"pixels" | "positives", Tensor>;
      const z = embedPictures(bindParams(spec, "style"), c, pixels).embedding;
      const itself = ops.constant(Float32Array.from({ length: batchSize ** 2 }, (_, i) => (i % (batchSize + 1) === 0 ? -1e4 : 0)), [batchSize, batchSize]);
      const logits = ops.add(ops.div(ops.matmul(z, ops.transposeLast(z)), TEMPERATURE), itself);
      return { loss: ops.div(ops.sum(ops.mul(ops.logSoftmax(logits), positives)), -batchSize) };
    },
  };
}

/**
 * Contrast of pictures with the names of all subjects at once: each picture against every name, which makes the most of
 * small batches (an image-to-text half of Radford et al. 2021, arXiv:2103.00020, with the whole world as negatives).
 */
export function subjectJudgeObjective(c: EmbedderConfig, { batchSize, names, words, length }: { batchSize: number; names: number; words: number; length: number }): Objective {
  const spec = {
    subject: embedderSpec(c),
    names: namesSpec(words, c.embedding),
    /** Logarithm of the inverse temperature, relative to ln 10. */
    contrast: { scale: param([1], { kind: "zeros" }) },
  };
  const parameters = listParams(spec);
  return {
    name: "judge-subject",
    parameters,
    trained: new Set(parameters.map(({ name }) => name)),
    batch: {
      pixels: pictures(batchSize), ids: { shape: [names, length], dtype: "int64" }, share: { shape: [names, length, 1] },
      /** 1 at each picture's own name. */
      own: { shape: [batchSize, names] },
    },
    loss(batch) {
      const { pixels, ids, share, own } = batch as Record<"pixels" | "ids" | "share" | "own", Tensor>;
      const params = bindParams(spec);
      const image = embedPictures(params.subject, c, pixels).embedding; // [B, E]
      const text = embedNames(params.names, ids, share); // [N, E]
      const scale = ops.minimum(ops.exp(ops.add(params.contrast.scale, Math.log(10))), ops.constant([60], [1]));
      const logits = ops.mul(ops.matmul(image, ops.transposeLast(text)), scale); // [B, N]
      return { loss: ops.div(ops.sum(ops.mul(ops.logSoftmax(logits), own)), -batchSize), scale: ops.sum(scale) };
    },
  };
}
