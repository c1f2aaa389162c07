import { denoiser, gaussian, planSampling, sigmaAt, timestepAt } from "@deadiff/core";
import type { DeadiffConfig, HostTensor } from "@deadiff/core";
import { randomStream } from "../data/random.ts";
import type { Predict } from "./base-model.ts";
import { schedule } from "./conditions.ts";

/** Least and most noise, as sigma, that pictures are drawn again from: less changes nothing, and from more the model draws another picture. */
const [LEAST, MOST] = [0.2, 2.5];
const STEPS = 5;

/**
 * Draws latents again: noise of one level on all of them, which the base model takes away in a few ancestral steps (SDEdit, Meng et al.
 * 2022, arXiv:2108.01073). What comes back shows the same pictures with the model's own errors in them.
 *
 * @param latents scaled, [B, C, h, w]
 * @param ids token ids of what each shows, [B, T]
 * @param sigma how much noise; drawn from seed and step, evenly in its logarithm, where it is left out
 */
export async function redraw(c: DeadiffConfig, predict: Predict, latents: Float32Array, ids: HostTensor, { seed, step, sigma }: { seed: number; step: number; sigma?: number }): Promise<Float32Array> {
  const level = sigma ?? LEAST * (MOST / LEAST) ** randomStream(seed, step, 0x4ed0)();
  const top = timestepAt(schedule, level);
  const sigmas = Float64Array.from({ length: STEPS + 1 }, (_, i) => (i === STEPS ? 0 : sigmaAt(schedule, top * (1 - i / STEPS))));
  const noise = (draw: number): Float32Array => gaussian(BigInt(seed) + (BigInt(step) << 16n), draw, latents.length);
  const start = noise(0).map((value, i) => (latents[i] ?? 0) + level * value);
  const { sample } = planSampling(schedule, { sampler: "euler_ancestral", steps: STEPS });
  return sample(denoiser(schedule, c.prediction, (xIn, timestep) => predict(xIn, timestep, ids)), start, sigmas, { noise: (index) => noise(index + 1) });
}
