import { denoiser } from "../sampling/denoiser.ts";
import { guide } from "../sampling/guidance.ts";
import type { Branch as Half, Guidance, PredictBranches } from "../sampling/guidance.ts";
import type { SamplingPlan } from "../sampling/plan.ts";
import type { SampleStep } from "../sampling/sampler.ts";
import type { Schedule } from "../sampling/schedule.ts";
import { float32Output } from "./outputs.ts";
import type { JobKeys } from "./keys.ts";
import type { Model } from "./model.ts";

/** How many rows the U-Net sees at once. */
export type Batching = {
  /** Pictures that are sampled side by side, 1 or more. */
  images: number;
  /** Whether a picture's conditional and unconditional halves are rows of one run. */
  halves: "together" | "apart";
};

export type SampleLatents = {
  schedule: Schedule;
  plan: SamplingPlan;
  guidance: Guidance;
  /** Pictures in this batch, and height and width of a latent. */
  shape: { images: number; height: number; width: number };
  halves: Batching["halves"];
  /** Standard normal [B, C, h, w]. */
  start: Float32Array;
  /** The noise of each ancestral step, [B, C, h, w]. */
  noise: (step: number) => Float32Array;
  /** Whether `unet-text` is the graph that takes the keys. */
  imageKeys: boolean;
  signal?: AbortSignal | undefined;
  onStep?: ((step: SampleStep) => void | Promise<void>) | undefined;
};

/** Carries noise down to clean scaled latents [B, C, h, w], ready for the decoder. */
export async function sampleLatents(model: Model, keys: JobKeys, options: SampleLatents): Promise<Float32Array> {
  const { schedule, plan, guidance, start, noise, signal, onStep } = options;
  const denoise = denoiser(schedule, model.config.prediction, guide(predictHalves(model, keys, options), guidance));
  const x = await plan.sample(denoise, start.map((value) => value * plan.startScale), plan.sigmas, {
    noise, ...(signal && { signal }), ...(onStep && { onStep }),
  });
  return x.map((value) => value * plan.endScale);
}

/** Evaluates the U-Net on every picture of the batch in each of the given halves. */
function predictHalves(model: Model, keys: JobKeys, { shape, halves: mode, imageKeys, signal }: SampleLatents): PredictBranches {
  const { images, height, width } = shape;
  const { attention, unet } = model.config;
  const graph = attention === "added" && !imageKeys ? "unet-text" : "unet";
  const evaluate = async (xIn: Float32Array, timestep: number, halves: readonly Half[]): Promise<Float32Array> => {
    signal?.throwIfAborted();
    const rows = halves.flatMap((half) => Array.from({ length: images }, () => half));
    const latent = new Float32Array(halves.length * xIn.length);
    for (const i of halves.keys()) latent.set(xIn, i * xIn.length);
    const outputs = await model.run(graph, {
      latent: { dtype: "float32", dims: [rows.length, unet.latentChannels, height, width], data: latent },
      timestep: { dtype: "float32", dims: [rows.length], data: new Float32Array(rows.length).fill(timestep) },
      ...await keys.of(rows),
    });
    return float32Output(outputs, "prediction");
  };
  return async (xIn, timestep, halves) => {
    if (mode === "together") {
      const predictions = await evaluate(xIn, timestep, halves);
      return halves.map((_, i) => predictions.subarray(i * xIn.length, (i + 1) * xIn.length));
    }
    const predictions: Float32Array[] = [];
    for (const half of halves) predictions.push(await evaluate(xIn, timestep, [half]));
    return predictions;
  };
}
