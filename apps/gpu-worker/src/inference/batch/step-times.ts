/** Rows a run may have. Few sizes, each warmed at the start: a graphics processor's kernels are chosen anew for every size. */
export const BUCKETS = [1, 2, 4, 8, 16] as const;

/** Milliseconds that one U-Net run of so many rows takes, by bucket, smallest first. */
export type StepTimes = readonly { readonly rows: number; readonly ms: number }[];

/**
 * What twice the rows must give in rows per time, or they only make those in the batch wait: at 80 % load the slowest twentieth
 * of jobs was served soonest by batches that stop there, whether a device gains 1.4 or 3 by eight rows.
 */
const WORTH = 1.11;

/** The largest batch that is worth its wait on this device. One on a processor that a single row fills. */
export const bestRows = (times: StepTimes): number => {
  let best = times[0];
  for (const next of times.slice(1)) {
    if (best === undefined || next.rows / next.ms < (WORTH * best.rows) / best.ms) break;
    best = next;
  }
  return best?.rows ?? 1;
};

/** The smallest bucket that holds `rows`. */
export const bucketOf = (rows: number, times: StepTimes): number => times.find((bucket) => bucket.rows >= rows)?.rows ?? rows;

/**
 * Measures the table: each bucket is run twice, the first time to choose its kernels. Stops at the first bucket that does not
 * fit into memory.
 */
export const measureStepTimes = async (run: (rows: number) => Promise<void>, now: () => number = () => performance.now()): Promise<StepTimes> => {
  const times: { rows: number; ms: number }[] = [];
  for (const rows of BUCKETS) {
    try {
      await run(rows);
      const started = now();
      await run(rows);
      times.push({ rows, ms: now() - started });
    } catch (error) {
      if (times.length === 0) throw error;
      break;
    }
  }
  return times;
};
