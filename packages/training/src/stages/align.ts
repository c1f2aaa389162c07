import { bindParams, branchTokens, deadiffSpec, layers, listParams, ops, param, trainedParams, visionEncoder } from "@deadiff/core";
import type { DeadiffConfig, Tensor } from "@deadiff/core";
import type { Objective } from "../train/objective.ts";
import { contrast, normalise } from "./encoders.ts";

/** Names lie a mean square of about 0.23 apart: this many times that tells them apart in a softmax. */
const SHARPNESS = 50;
/** Weight of the squared error beside the cross-entropies. */
const CLOSENESS = 10;

/**
 * Teaches the image side the words of the base that it will condition, while text and U-Net stay as they are:
 *
 * - the vision encoder, contrastively: a picture beside its whole caption's state (locked-image tuning turned round: the
 *   text is locked; Zhai et al. 2022, arXiv:2111.07991);
 * - the content branch, to say what a picture shows in the text encoder's own words: its Q tokens are held to the first Q
 *   states of the subject's name, nearer than to the names of the other subjects in the batch. Image keys and values
 *   start as copies of the text's (method, section 2), so the U-Net understands such tokens at once. BLIP-Diffusion, whose
 *   Q-Former DEADiff took up, aligns it with text before it trains for generation (Li et al. 2023, arXiv:2305.14720, 3.2).
 *
 * Both need it trained on its own for long: the three tasks alone tell a subject from an image far too slowly.
 */
export function alignObjective(c: DeadiffConfig, batchSize: number): Objective {
  if (!c.sharedVision) throw new RangeError("alignObjective: for models with one vision encoder");
  const spec = deadiffSpec(c);
  const heads = {
    image: layers.linearNoBiasSpec(c.vision.width, c.text.width),
    text: layers.linearNoBiasSpec(c.text.width, c.text.width),
    /** Logarithm of the inverse temperature, relative to ln(1 / 0.07). */
    scale: param([1], { kind: "zeros" }),
  };
  const learning = new Set(trainedParams(c));
  const read = ["image.style.vision.", "image.content.", ...(c.sharedQFormer ? ["image.style.qFormer."] : [])];
  const image = listParams(spec.image, "image").filter(({ name }) => read.some((start) => name.startsWith(start)));
  const head = listParams(heads, "contrast");
  const { queries, width } = c.qFormer;
  return {
    name: "align",
    parameters: [...image, ...head],
    trained: new Set([...image.map(({ name }) => name).filter((name) => name.includes(".vision.") || learning.has(name)), ...head.map(({ name }) => name)]),
    batch: {
      image: { shape: [batchSize, 3, c.vision.imageSize, c.vision.imageSize] },
      /** The captions' states at their end tokens, and the first states of the subjects' names. */
      captions: { shape: [batchSize, c.text.width] },
      names: { shape: [batchSize, queries, width] },
      /** Which samples of the batch have the same name: rows that sum to 1. */
      same: { shape: [batchSize, batchSize] },
    },
    loss(batch) {
      const x = batch as Record<"image" | "captions" | "names" | "same", Tensor>;
      const params = bindParams(spec.image, "image");
      const projections = bindParams(heads, "contrast");
      const vision = visionEncoder(params.style.vision, c.vision, x.image); // [B, P, C]
      const captions = contrast(
        normalise(layers.linear(projections.image, ops.mean(vision, [1]))), normalise(layers.linear(projections.text, x.captions)), projections.scale, batchSize,
      );

      const flat = (tokens: Tensor): Tensor => ops.reshape(tokens, [batchSize, queries * width]);
      const [tokens, names] = [flat(branchTokens(params, c, "content", vision)), flat(x.names)];
      const closeness = ops.mean(ops.square(ops.sub(tokens, names)));
      // A row's own square adds the same to all of its distances and leaves the softmax.
      const products = ops.matmul(tokens, ops.transposeLast(names)); // [B, B]
      const squares = ops.reshape(ops.sum(ops.square(names), [1]), [1, batchSize]);
      const logits = ops.mul(ops.sub(ops.mul(products, 2), squares), SHARPNESS / (queries * width));
      const which = ops.mul(ops.sum(ops.mul(ops.logSoftmax(logits), x.same)), -1 / batchSize);
      return { loss: ops.add(ops.add(captions.loss, which), ops.mul(closeness, CLOSENESS)), "caption loss": captions.loss, "name loss": which, closeness };
    },
  };
}
