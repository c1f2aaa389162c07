import type { HostTensor } from "../src/session.ts";

/** One compared tensor: the largest error over the reference's standard deviation, beside what is allowed. */
export type Comparison = { name: string; error: number; tolerance: number };

/** Standard deviation; the magnitude of a lone number. */
export function scaleOf(x: HostTensor): number {
  const values = Array.from(x.data, Number);
  const average = values.reduce((a, b) => a + b, 0) / values.length;
  return values.length === 1 ? Math.abs(average) : Math.sqrt(values.reduce((a, b) => a + (b - average) ** 2, 0) / values.length);
}

/** Largest difference; infinite where shapes differ or a value is not a number. */
export function largestDifference(a: HostTensor | undefined, b: HostTensor): number {
  if (a === undefined || a.dims.join() !== b.dims.join()) return Infinity;
  let worst = 0;
  for (let i = 0; i < b.data.length; i++) {
    const d = Math.abs(Number(a.data[i]) - Number(b.data[i]));
    if (!(d <= worst)) worst = Number.isNaN(d) ? Infinity : d;
  }
  return worst;
}

/** Largest difference over the expected tensor's standard deviation (absolute where that is zero). */
export const relativeError = (actual: HostTensor | undefined, expected: HostTensor): number =>
  largestDifference(actual, expected) / (scaleOf(expected) || 1);
