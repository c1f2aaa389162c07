import { bindParams, conditioning, deadiffSpec, listParams, ops, textEncoder, uNet } from "@deadiff/core";
import type { DeadiffConfig, Tensor } from "@deadiff/core";
import type { Objective } from "../train/objective.ts";

/** Adds noise and names the target of a prediction: x_t = a x0 + s eps; v = a eps - s x0 (Salimans & Ho 2022, arXiv:2202.00512). */
export function diffuse(c: DeadiffConfig, { x0, eps, a, s }: Record<"x0" | "eps" | "a" | "s", Tensor>): { noisy: Tensor; target: Tensor } {
  const [b] = x0.shape;
  if (b === undefined) throw new TypeError("diffuse: x0 must be [B, C, h, w]");
  const [alpha, sigma] = [ops.reshape(a, [b, 1, 1, 1]), ops.reshape(s, [b, 1, 1, 1])];
  const noisy = ops.add(ops.mul(x0, alpha), ops.mul(eps, sigma));
  switch (c.prediction) {
    case "eps": return { noisy, target: eps };
    case "v": return { noisy, target: ops.sub(ops.mul(eps, alpha), ops.mul(x0, sigma)) };
  }
}

/** Shapes that every diffusion objective is fed: latents, noise, the timestep and its sqrt(alphaBar) and sqrt(1 - alphaBar). */
export const diffusionBatch = (c: DeadiffConfig, batchSize: number, latent: number) => ({
  x0: { shape: [batchSize, c.unet.latentChannels, latent, latent] },
  eps: { shape: [batchSize, c.unet.latentChannels, latent, latent] },
  timestep: { shape: [batchSize] }, a: { shape: [batchSize] }, s: { shape: [batchSize] },
});

/** Mean squared error of the U-Net's prediction. */
export const predictionLoss = (prediction: Tensor, target: Tensor): Tensor => ops.mean(ops.square(ops.sub(prediction, target)));

/**
 * The base model: text to latents. Text encoder, text keys and values and the U-Net learn together; the image side of the
 * context is left out altogether, as the true off switch leaves it out.
 */
export function baseObjective(c: DeadiffConfig, batchSize: number, latent: number): Objective {
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
      const { noisy, target } = diffuse(c, x);
      return { loss: predictionLoss(uNet(bindParams(spec.unet, "unet"), c.unet, noisy, x.timestep, keys), target) };
    },
  };
}
