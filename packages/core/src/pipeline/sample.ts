import { denoiser } from "../sampling/denoiser.ts";
import type { Prediction } from "../sampling/denoiser.ts";
import { guide } from "../sampling/guidance.ts";
import type { Guidance, PredictPasses } from "../sampling/guidance.ts";
import type { SamplingPlan } from "../sampling/plan.ts";
import type { SampleStep } from "../sampling/sampler.ts";
import type { Schedule } from "../sampling/schedule.ts";
import type { Conditions } from "./keys.ts";
import type { EvaluateRows, LatentShape } from "./rows.ts";

/** How many rows the U-Net sees at once. */
export type Batching = {
  /** Pictures that are sampled side by side, 1 or more. */
  images: number;
  /** Whether a picture's passes are rows of one run. */
  passes: "together" | "apart";
};

export type SampleLatents = {
  schedule: Schedule;
  plan: SamplingPlan;
  guidance: Guidance;
  prediction: Prediction;
  /** One for each picture of the batch: all with image keys or all without. */
  conditions: readonly Conditions[];
  shape: LatentShape;
  /** Standard normal [B, C, h, w]. */
  start: Float32Array;
  /** The noise of each ancestral step, [B, C, h, w]. */
  noise: (step: number) => Float32Array;
  signal?: AbortSignal | undefined;
  onStep?: ((step: SampleStep) => void | Promise<void>) | undefined;
};

/** Carries noise down to clean scaled latents [B, C, h, w], ready for the decoder. */
export async function sampleLatents(evaluate: EvaluateRows, options: SampleLatents): Promise<Float32Array> {
  const { schedule, prediction, plan, guidance, start, noise, signal, onStep } = options;
  const denoise = denoiser(schedule, prediction, guide(predictPasses(evaluate, options), guidance));
  const x = await plan.sample(denoise, start.map((value) => value * plan.startScale), plan.sigmas, {
    noise, ...(signal && { signal }), ...(onStep && { onStep }),
  });
  return x.map((value) => value * plan.endScale);
}

/** Evaluates the U-Net on every picture of the batch in each of the given passes. */
function predictPasses(evaluate: EvaluateRows, { conditions, shape, signal }: SampleLatents): PredictPasses {
  return async (xIn, timestep, passes) => {
    signal?.throwIfAborted();
    const size = xIn.length / conditions.length;
    const rows = passes.flatMap((pass) => conditions.map((own, i) => ({ conditions: own, pass, timestep, latent: xIn.subarray(i * size, (i + 1) * size) })));
    const predictions = await evaluate(rows, shape, signal);
    return passes.map((_, p) => {
      const joined = new Float32Array(xIn.length);
      for (const i of conditions.keys()) joined.set(predictions[p * conditions.length + i] ?? [], i * size);
      return joined;
    });
  };
}
