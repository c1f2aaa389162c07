import type { JobInput } from "./contract.ts";

/** Credits a job costs: one per picture, per started 512 x 512 pixels and per started 50 steps. Test jobs are free. */
export const priceOf = (input: Pick<JobInput, "count" | "width" | "height" | "steps">, mode: "live" | "test"): number => {
  if (mode === "test") return 0;
  const area = Math.ceil(((input.width ?? 512) * (input.height ?? 512)) / (512 * 512));
  return input.count * area * Math.ceil((input.steps ?? 50) / 50);
};
