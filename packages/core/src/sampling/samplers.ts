import { DeadiffError } from "../errors.ts";
import type { Denoise } from "./denoiser.ts";
import { linear, weightedSum } from "./linear.ts";
import { along, at, evaluate, noiseFor, report, slope, steps, type SampleOptions, type Sampler } from "./sampler.ts";

/**
 * Euler steps along dx/dsigma = (x - D(x, sigma)) / sigma.
 *
 * Source: Karras et al. (2022), arXiv:2206.00364, algorithm 2 without churn and correction; k-diffusion `sample_euler`.
 */
export const euler: Sampler = (denoise, x, sigmas, options) => ancestral(0, denoise, x, sigmas, options);

/** Euler steps that go further down and add noise back up; k-diffusion `sample_euler_ancestral`. */
export const eulerAncestral: Sampler = (denoise, x, sigmas, options) => ancestral(1, denoise, x, sigmas, options);

/**
 * DDIM with the given eta on the sigmas of `ddimSigmas`. With x = xDdim sqrt(sigma^2 + 1), DDIM's update
 * sqrt(a') x0 + sqrt(1 - a' - s^2) eps + s noise is an Euler step to sqrt(sigma'^2 - u^2) and noise of size
 * u = s / sqrt(a') = eta sigma' / sigma sqrt(sigma^2 - sigma'^2), k-diffusion's ancestral step.
 *
 * The list ends above 0: divide the result by sqrt(sigma^2 + 1) of the last sigma to have DDIM's own latent.
 *
 * Source: Song et al. (2021), arXiv:2010.02502, equations 12 and 16.
 *
 * @param eta 0 (deterministic) to 1 (as DDPM)
 * @throws `sampler_eta`
 */
export function ddim(eta: number): Sampler {
  if (!(eta >= 0 && eta <= 1)) throw new DeadiffError("sampler_eta", `eta must lie in 0..1, got ${eta}`);
  return (denoise, x, sigmas, options) => ancestral(eta, denoise, x, sigmas, options);
}

async function ancestral(eta: number, denoise: Denoise, start: Float32Array, sigmas: Float64Array, options: SampleOptions = {}): Promise<Float32Array> {
  let x = start;
  for (const { index, sigma, next } of steps(sigmas)) {
    const denoised = await evaluate(denoise, x, sigma, options);
    const up = eta * (next / sigma) * Math.sqrt(sigma * sigma - next * next);
    const down = Math.sqrt(next * next - up * up);
    x = along(x, slope(x, denoised, sigma), down - sigma);
    if (up > 0) x = along(x, noiseFor(options, index, x.length), up);
    await report(options, sigmas, index, x, denoised);
  }
  return x;
}

/**
 * Heun's method, two evaluations a step, the last step to 0 an Euler step.
 *
 * Source: Karras et al. (2022), arXiv:2206.00364, algorithm 1; k-diffusion `sample_heun` without churn.
 */
export const heun: Sampler = async (denoise, start, sigmas, options = {}) => {
  let x = start;
  for (const { index, sigma, next } of steps(sigmas)) {
    const denoised = await evaluate(denoise, x, sigma, options);
    const d = slope(x, denoised, sigma);
    if (next === 0) x = along(x, d, next - sigma);
    else {
      const guess = along(x, d, next - sigma);
      const d2 = slope(guess, await evaluate(denoise, guess, next, options), next);
      x = along(x, linear(0.5, d, 0.5, d2), next - sigma);
    }
    await report(options, sigmas, index, x, denoised);
  }
  return x;
};

/**
 * The midpoint method with the midpoint in log sigma, as DPM-Solver-2 (Lu et al. (2022), arXiv:2206.00927, algorithm 1,
 * r = 1/2), two evaluations a step, the last step to 0 an Euler step.
 *
 * Source: k-diffusion `sample_dpm_2` without churn (its early versions took the midpoint in sigma^(1/3)).
 */
export const dpm2: Sampler = async (denoise, start, sigmas, options = {}) => {
  let x = start;
  for (const { index, sigma, next } of steps(sigmas)) {
    const denoised = await evaluate(denoise, x, sigma, options);
    const d = slope(x, denoised, sigma);
    if (next === 0) x = along(x, d, next - sigma);
    else {
      const middle = midpoint(sigma, next);
      const guess = along(x, d, middle - sigma);
      const d2 = slope(guess, await evaluate(denoise, guess, middle, options), middle);
      x = along(x, d2, next - sigma);
    }
    await report(options, sigmas, index, x, denoised);
  }
  return x;
};

/**
 * The linear multistep method of order 4: the slopes' interpolating polynomial in sigma, integrated over the step.
 *
 * Source: k-diffusion `sample_lms`.
 */
export const lms: Sampler = async (denoise, start, sigmas, options = {}) => {
  const ORDER = 4;
  /** The latest slopes, newest first. */
  let slopes: Float32Array[] = [];
  let x = start;
  for (const { index, sigma } of steps(sigmas)) {
    const denoised = await evaluate(denoise, x, sigma, options);
    slopes = [slope(x, denoised, sigma), ...slopes].slice(0, ORDER);
    const weights = multistepWeights(sigmas, index, slopes.length);
    x = weightedSum([{ weight: 1, values: x }, ...slopes.map((values, j) => ({ weight: weights[j] ?? NaN, values }))]);
    await report(options, sigmas, index, x, denoised);
  }
  return x;
};

/**
 * DPM-Solver++(2M): second order in lambda = -log sigma from one evaluation a step and the previous one.
 *
 * Source: Lu et al. (2022), arXiv:2211.01095, algorithm 2; k-diffusion `sample_dpmpp_2m` (first and last step of first order).
 */
export const dpmpp2m: Sampler = async (denoise, start, sigmas, options = {}) => {
  let previous: { denoised: Float32Array; lambda: number } | undefined;
  let x = start;
  for (const { index, sigma, next } of steps(sigmas)) {
    const denoised = await evaluate(denoise, x, sigma, options);
    const lambda = -Math.log(sigma);
    const h = -Math.log(next) - lambda;
    let target = denoised;
    if (previous !== undefined && next > 0) {
      const extrapolation = h / (2 * (lambda - previous.lambda));
      target = linear(1 + extrapolation, denoised, -extrapolation, previous.denoised);
    }
    x = linear(next / sigma, x, -Math.expm1(-h), target);
    previous = { denoised, lambda };
    await report(options, sigmas, index, x, denoised);
  }
  return x;
};

/** The sigma at which `dpm2` evaluates between two levels. */
export function midpoint(sigma: number, next: number): number {
  return Math.sqrt(sigma * next);
}

/**
 * Weight of the j-th latest slope in the step from `sigmas[index]`: the integral of its Lagrange polynomial through the
 * latest `order` sigmas. Two Gauss-Legendre points integrate the cubic exactly, where k-diffusion calls an adaptive rule.
 */
function multistepWeights(sigmas: Float64Array, index: number, order: number): number[] {
  const from = at(sigmas, index);
  const to = at(sigmas, index + 1);
  const middle = (from + to) / 2;
  const half = (to - from) / 2;
  const points = [middle - half / Math.sqrt(3), middle + half / Math.sqrt(3)];
  const nodes = Array.from({ length: order }, (_, j) => at(sigmas, index - j));
  return nodes.map((node, j) =>
    points.reduce((sum, tau) => sum + half * nodes.reduce((product, other, k) => (k === j ? product : (product * (tau - other)) / (node - other)), 1), 0),
  );
}
