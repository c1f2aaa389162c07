import { bindParams, deadiffSpec, listParams, ops, vaeDecode, vaeEncode, vaeFactor } from "@deadiff/core";
import type { DeadiffConfig, Tensor } from "@deadiff/core";
import type { Objective } from "../train/objective.ts";

/** Weight of the gradients' error beside the pixels'. */
const EDGES = 1;

/**
 * Largest standard deviation of the noise on latents, which the decoder must forgive; each picture has a share of it of its
 * own. Denoised latents of mini's base model are off by about 0.25 in every channel.
 */
export const DECODER_NOISE = 0.3;

/** Differences of neighbouring pixels along one axis. */
const differences = (x: Tensor, axis: 2 | 3): Tensor => {
  const size = Number(x.shape[axis]);
  return ops.sub(ops.slice(x, axis, 1, size), ops.slice(x, axis, 0, size - 1));
};

/**
 * The decoder's objective over a linear encoder that stays as it is: absolute error of pixels and of their gradients
 * (pictograms are edges), from latents with a little noise.
 */
export function decoderObjective(c: DeadiffConfig, batchSize: number, size: number): Objective {
  const parameters = listParams(deadiffSpec(c).vae, "vae");
  const latent = size / vaeFactor(c.vae);
  return {
    name: "decoder",
    parameters,
    trained: new Set(parameters.map((p) => p.name).filter((name) => name.startsWith("vae.decoder."))),
    batch: { pixels: { shape: [batchSize, 3, size, size] }, noise: { shape: [batchSize, c.vae.latentChannels, latent, latent] } },
    loss(batch) {
      const { pixels, noise } = batch as { pixels: Tensor; noise: Tensor };
      const params = bindParams(deadiffSpec(c).vae, "vae");
      const mean = ops.slice(vaeEncode(params.encoder, c.vae, pixels), 1, 0, c.vae.latentChannels);
      const decoded = vaeDecode(params.decoder, c.vae, ops.add(mean, noise));
      const error = ops.sub(decoded, pixels);
      const edges = ops.add(ops.mean(ops.abs(differences(error, 2))), ops.mean(ops.abs(differences(error, 3))));
      return { loss: ops.add(ops.mean(ops.abs(error)), ops.mul(edges, EDGES)), "squared error": ops.mean(ops.square(error)) };
    },
  };
}
