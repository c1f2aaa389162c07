import { bindParams, conditioning, deadiffSpec, listParams, ops, textEncoder, uNet } from "@deadiff/core";
import type { DeadiffConfig, Tensor } from "@deadiff/core";
import type { Objective } from "../train/objective.ts";

/**
 * Least sqrt(1 - alphaBar) that an error of x0 is divided by. An error's weight is then min(SNR + 1, 25): v's, held down where
 * there is little noise, as min-SNR weighting does (Hang et al. 2023, arXiv:2303.09556).
 */
const LEAST_SIGMA = 0.2;

/**
 * Adds noise, x_t = a x0 + s eps, and says what a prediction is worth: its mean squared error from eps or from
 * v = a eps - s x0 (Salimans & Ho 2022, arXiv:2202.00512). An x0 is held to the v that it implies, whose error is x0's over s.
 *
 * @param channelWeights what a squared error in each latent channel counts
 */
export function diffuse(
  c: DeadiffConfig,
  { x0, eps, a, s }: Record<"x0" | "eps" | "a" | "s", Tensor>,
  channelWeights: readonly number[],
): { noisy: Tensor; loss: (prediction: Tensor) => Tensor } {
  const [b] = x0.shape;
  if (b === undefined) throw new TypeError("diffuse: x0 must be [B, C, h, w]");
  const [alpha, sigma] = [ops.reshape(a, [b, 1, 1, 1]), ops.reshape(s, [b, 1, 1, 1])];
  const noisy = ops.add(ops.mul(x0, alpha), ops.mul(eps, sigma));
  const weights = ops.constant(Float64Array.from(channelWeights), [1, channelWeights.length, 1, 1]);
  const meanSquare = (error: Tensor): Tensor => ops.mean(ops.mul(ops.square(error), weights));
  switch (c.prediction) {
    case "eps": return { noisy, loss: (prediction) => meanSquare(ops.sub(prediction, eps)) };
    case "v": {
      const v = ops.sub(ops.mul(eps, alpha), ops.mul(x0, sigma));
      return { noisy, loss: (prediction) => meanSquare(ops.sub(prediction, v)) };
    }
    case "x0": return { noisy, loss: (prediction) => meanSquare(ops.div(ops.sub(prediction, x0), ops.maximum(sigma, LEAST_SIGMA))) };
  }
}

/** Every latent channel counts alike. */
export const evenWeights = (c: DeadiffConfig): readonly number[] => Array.from({ length: c.unet.latentChannels }, () => 1);

/** Shapes that every diffusion objective is fed: latents, noise, the timestep and its sqrt(alphaBar) and sqrt(1 - alphaBar). */
export const diffusionBatch = (c: DeadiffConfig, batchSize: number, latent: number) => ({
  x0: { shape: [batchSize, c.unet.latentChannels, latent, latent] },
  eps: { shape: [batchSize, c.unet.latentChannels, latent, latent] },
  timestep: { shape: [batchSize] }, a: { shape: [batchSize] }, s: { shape: [batchSize] },
});

/**
 * The base model: text to latents. Text encoder, text keys and values and the U-Net learn together; the image side of the
 * context is left out altogether, as the true off switch leaves it out.
 */
export function baseObjective(c: DeadiffConfig, batchSize: number, latent: number, channelWeights = evenWeights(c)): Objective {
  const spec = deadiffSpec(c);
  const parameters = [
    ...listParams(spec.text, "text"),
    ...listParams(spec.context, "context").filter(({ name }) => name.includes(".text")),
    ...listParams(spec.unet, "unet"),
  ];
  return {
    name: "base",
    parameters,
    trained: new Set(parameters.map((p) => p.name)),
    batch: { ...diffusionBatch(c, batchSize, latent), ids: { shape: [batchSize, c.text.context], dtype: "int64" } },
    loss(batch) {
      const x = batch as Record<"x0" | "eps" | "timestep" | "a" | "s" | "ids", Tensor>;
      const text = textEncoder(bindParams(spec.text, "text"), c.text, x.ids);
      const keys = conditioning(bindParams(spec.context, "context"), c, text, null, null);
      const { noisy, loss } = diffuse(c, x, channelWeights);
      return { loss: loss(uNet(bindParams(spec.unet, "unet"), c.unet, noisy, x.timestep, keys)) };
    },
  };
}
