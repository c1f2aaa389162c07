import { DeadiffError } from "../errors.ts";
import { steps, type Sampler } from "./sampler.ts";
import { ddim, dpm2, dpmpp2m, euler, eulerAncestral, heun, lms, midpoint } from "./samplers.ts";
import { ddimSigmas, ddimTimesteps, karrasSigmas, normalSigmas, type Schedule } from "./schedule.ts";

/** Samplers by the name that requests give. */
export const SAMPLER_NAMES = ["ddim", "euler", "euler_ancestral", "heun", "dpm_2", "lms", "dpmpp_2m"] as const;

export type SamplerName = (typeof SAMPLER_NAMES)[number];

/** How the noise levels are spaced: evenly in the training timestep, or as Karras et al. DDIM knows `normal` only. */
export const SPACINGS = ["normal", "karras"] as const;

export type Spacing = (typeof SPACINGS)[number];

/** What a request says about sampling. */
export type SamplingRequest = {
  sampler: SamplerName;
  /** Steps, 1 or more. */
  steps: number;
  spacing?: Spacing;
  /** DDIM's, 0..1; default 0. */
  eta?: number;
};

/** Everything about a sampling run that is known before it starts. */
export type SamplingPlan = {
  sample: Sampler;
  sigmas: Float64Array;
  /** The sigmas at which the network will be evaluated, in order: their number is the length of the run. */
  evaluations: readonly number[];
  /** Standard normal noise times this is the latent to start from. */
  startScale: number;
  /** The sampler's result times this is the latent that the VAE decodes. */
  endScale: number;
};

/**
 * Plans a sampling run.
 *
 * DDIM starts at sqrt(sigma^2 + 1), the scale of its own x_T = noise, and ends above sigma 0; the others start at
 * sigma, as k-diffusion's users do, and end at 0.
 *
 * @throws `sampler_spacing` for DDIM with Karras sigmas, `schedule_steps`, `sampler_eta`
 */
export function planSampling(schedule: Schedule, request: SamplingRequest): SamplingPlan {
  const { sampler, spacing = "normal", eta = 0 } = request;
  const sigmas = sigmasFor(schedule, sampler, request.steps, spacing);
  const first = sigmas[0] ?? 0;
  const last = sigmas.at(-1) ?? 0;
  return {
    sample: samplerNamed(sampler, eta),
    sigmas,
    evaluations: evaluationSigmas(sampler, sigmas),
    startScale: sampler === "ddim" ? Math.hypot(first, 1) : first,
    endScale: 1 / Math.hypot(last, 1),
  };
}

/** The sigmas at which a sampler evaluates the network, in order. */
export function evaluationSigmas(name: SamplerName, sigmas: Float64Array): number[] {
  switch (name) {
    case "ddim":
    case "euler":
    case "euler_ancestral":
    case "lms":
    case "dpmpp_2m":
      return steps(sigmas).map(({ sigma }) => sigma);
    case "heun":
      return steps(sigmas).flatMap(({ sigma, next }) => (next === 0 ? [sigma] : [sigma, next]));
    case "dpm_2":
      return steps(sigmas).flatMap(({ sigma, next }) => (next === 0 ? [sigma] : [sigma, midpoint(sigma, next)]));
  }
}

function sigmasFor(schedule: Schedule, sampler: SamplerName, count: number, spacing: Spacing): Float64Array {
  if (sampler === "ddim") {
    if (spacing !== "normal") throw new DeadiffError("sampler_spacing", `ddim has its own timesteps and no ${spacing} spacing: leave spacing out`);
    return ddimSigmas(schedule, ddimTimesteps(schedule, count));
  }
  return spacing === "karras" ? karrasSigmas(schedule, count) : normalSigmas(schedule, count);
}

function samplerNamed(name: SamplerName, eta: number): Sampler {
  switch (name) {
    case "ddim":
      return ddim(eta);
    case "euler":
      return euler;
    case "euler_ancestral":
      return eulerAncestral;
    case "heun":
      return heun;
    case "dpm_2":
      return dpm2;
    case "lms":
      return lms;
    case "dpmpp_2m":
      return dpmpp2m;
  }
}
