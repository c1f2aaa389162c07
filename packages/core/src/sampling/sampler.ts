import { DeadiffError } from "../errors.ts";
import type { Denoise } from "./denoiser.ts";
import { linear } from "./linear.ts";

/** A finished step, for progress and previews. */
export type SampleStep = {
  /** Steps done, 1..total. */
  step: number;
  total: number;
  /** The noise level of `x`. */
  sigma: number;
  x: Float32Array;
  /** The clean latent as seen at the step's start. */
  denoised: Float32Array;
};

export type SampleOptions = {
  /** Standard normal noise for the ancestral step of this index (0, 1, ...), as many numbers as x. */
  noise?: (index: number) => Float32Array;
  /** Called after each step, and awaited. */
  onStep?: (step: SampleStep) => void | Promise<void>;
  /** Checked before each evaluation of the network; its reason is what the sampler throws. */
  signal?: AbortSignal;
};

/**
 * Carries a latent down a list of noise levels. Never changes `x`; each array it hands to a callback stays as it is.
 *
 * @param x the latent at `sigmas[0]`
 * @param sigmas falling, 0 or more at the end
 * @returns the latent at the last sigma
 */
export type Sampler = (denoise: Denoise, x: Float32Array, sigmas: Float64Array, options?: SampleOptions) => Promise<Float32Array>;

/** One interval of the noise levels: from `sigma` to `next`. */
type Step = { index: number; sigma: number; next: number };

/**
 * The intervals of a falling list of sigmas.
 *
 * @throws `sampler_sigmas` when it does not fall, or falls below 0
 */
export function steps(sigmas: Float64Array): Step[] {
  const list: Step[] = [];
  for (let index = 0; index + 1 < sigmas.length; index++) {
    const sigma = at(sigmas, index);
    const next = at(sigmas, index + 1);
    if (!(sigma > next && next >= 0)) {
      throw new DeadiffError("sampler_sigmas", `sigmas must fall to 0 or more, got ${sigma} then ${next} at step ${index}`);
    }
    list.push({ index, sigma, next });
  }
  return list;
}

/** Asks for D(x, sigma) unless the caller has given up. */
export function evaluate(denoise: Denoise, x: Float32Array, sigma: number, options: SampleOptions): Promise<Float32Array> {
  options.signal?.throwIfAborted();
  return denoise(x, sigma);
}

/** Tells the caller of a finished step. */
export async function report(options: SampleOptions, sigmas: Float64Array, index: number, x: Float32Array, denoised: Float32Array): Promise<void> {
  await options.onStep?.({ step: index + 1, total: sigmas.length - 1, sigma: at(sigmas, index + 1), x, denoised });
}

/** The noise of an ancestral step. Throws `sampler_noise` when there is none or too little. */
export function noiseFor(options: SampleOptions, index: number, length: number): Float32Array {
  const noise = options.noise?.(index);
  if (noise?.length !== length) {
    throw new DeadiffError("sampler_noise", `step ${index} needs ${length} numbers of noise, got ${noise?.length ?? "none"}`);
  }
  return noise;
}

/** dx/dsigma = (x - D) / sigma. */
export function slope(x: Float32Array, denoised: Float32Array, sigma: number): Float32Array {
  return linear(1 / sigma, x, -1 / sigma, denoised);
}

/** x + amount * direction. */
export function along(x: Float32Array, direction: Float32Array, amount: number): Float32Array {
  return linear(1, x, amount, direction);
}

/** Reads an index that is in range by construction. */
export function at(values: Float64Array, index: number): number {
  return values[index] ?? NaN;
}
