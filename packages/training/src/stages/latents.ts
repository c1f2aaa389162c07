import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DeadiffError, deadiffSpec, listParams, MINI } from "@deadiff/core";
import { tensorToWrite, writeSafetensorsFile, openSafetensorsFile } from "@deadiff/core/node";
import { floats, latentSide, openMiniData, SIDE, stream, trainView } from "./data.ts";
import { linearPath } from "./pca.ts";
import { RUNS_FOLDER } from "./runs.ts";
import { shippedWeights } from "./shipped.ts";
import type { Weights } from "../train/trainer.ts";

/** Pictures that the principal components are taken from. */
const PICTURES = 1024;

/**
 * Mini's space of latents: the linear encoder, and its inverse beside the decoder, from the principal components of
 * training pictures: those of the shipped model, or else computed once into runs/latents.
 */
export async function loadLatents(): Promise<Weights> {
  const parameters = listParams(deadiffSpec(MINI).vae, "vae").filter(({ name }) => name.includes(".linear."));
  const shipped = await shippedWeights(parameters);
  // A shipped model was trained on its own latents: they stay what they are.
  if (shipped.size === parameters.length) return shipped;
  const file = join(RUNS_FOLDER, "latents", "weights.safetensors");
  if (!existsSync(file)) await computeLatents(file);
  const stored = await openSafetensorsFile(file);
  try {
    const weights = new Map<string, Float32Array>();
    for (const name of stored.tensors.keys()) weights.set(name, (await stored.read(name)).data as Float32Array);
    return weights;
  } finally {
    await stored.close();
  }
}

/**
 * What an error in each latent channel counts in pixels: the squares of the components' lengths, scaled so that latents of
 * those weights have a mean square of about 1. Half-whitened channels would count alike, and fine ones, which nobody sees,
 * would take most of the loss. Taken from the encoder, which stays: the decoder's columns are trained on, and shrink.
 */
export function pixelWeights(latents: Weights): number[] {
  const matrix = latents.get("vae.encoder.linear.weight");
  if (matrix === undefined) throw new DeadiffError("stage_missing", "the latents have no linear encoder");
  const channels = MINI.vae.latentChannels;
  const row = matrix.length / channels;
  // The encoder's rows and the decoder's columns are one orthonormal basis, scaled by a factor and by its inverse.
  const squares = Array.from({ length: channels }, (_, c) => 1 / matrix.subarray(c * row, (c + 1) * row).reduce((sum, value) => sum + value * value, 0));
  // A channel's variance is proportional to its square here, because both are roots of one eigenvalue.
  const [sum, sumOfSquares] = [squares.reduce((a, b) => a + b, 0), squares.reduce((a, b) => a + b * b, 0)];
  return squares.map((value) => (value * sum) / sumOfSquares);
}

async function computeLatents(file: string): Promise<void> {
  const view = trainView(await openMiniData());
  const batches = stream(view, { tasks: ["reconstruction"], plainShare: 0.35, seed: 12, count: PICTURES }, ({ target }) => ({ pixels: floats([PICTURES, 3, SIDE, SIDE], target) }))(0);
  const pixels = (await batches.next())["pixels"]?.data as Float32Array;
  await batches.close();
  const { weights, kept } = linearPath(pixels, SIDE, SIDE / latentSide(), MINI.vae.latentChannels);
  console.log(`latents keep ${(kept * 100).toFixed(2)} % of the variance of ${PICTURES} pictures`);
  const shapes = new Map(listParams(deadiffSpec(MINI).vae, "vae").map(({ name, spec }) => [name, spec.shape]));
  await mkdir(join(RUNS_FOLDER, "latents"), { recursive: true });
  await writeSafetensorsFile(file, [...weights].map(([name, data]) => tensorToWrite(name, { dtype: "float32", dims: shapes.get(name) ?? [], data })));
}
