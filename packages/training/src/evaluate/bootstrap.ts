import { below, randomStream } from "../data/random.ts";
import { mean } from "./metrics.ts";

/** A mean with its interval. */
export type Estimate = { readonly mean: number; readonly low: number; readonly high: number };

/**
 * Mean and 95 % percentile interval from resampling with replacement: a pure function of
 * values and seed. Values must be independent: one per reference and prompt, not one per pixel.
 */
export function bootstrapMean(values: readonly number[], seed: number, resamples = 2000): Estimate {
  const random = randomStream(seed, 0xb007);
  const means = Array.from({ length: resamples }, () => mean(values.map(() => values[below(random, values.length)] ?? 0))).sort((a, b) => a - b);
  const quantile = (q: number): number => means[Math.round(q * (resamples - 1))] ?? 0;
  return { mean: mean(values), low: quantile(0.025), high: quantile(0.975) };
}
