/** A number line from `min` to `max` with round marks. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly marks: readonly number[];
  /** Where a value stands, 0 to 100. */
  readonly at: (value: number) => number;
}

const STEPS = [10, 20, 25, 50, 100, 200, 250, 500, 1000] as const;
const MARKS = 6;

/** A scale that holds every interval. */
export const scaleOf = (intervals: readonly { readonly low: number; readonly high: number }[]): Scale => {
  const low = Math.min(...intervals.map((interval) => interval.low));
  const high = Math.max(...intervals.map((interval) => interval.high));
  const step = STEPS.find((candidate) => (high - low) / candidate <= MARKS) ?? 2000;
  const min = Math.floor(low / step) * step;
  const max = Math.max(min + step, Math.ceil(high / step) * step);
  return { min, max, marks: Array.from({ length: Math.round((max - min) / step) + 1 }, (_, i) => min + i * step), at: (value) => ((value - min) / (max - min)) * 100 };
};
