import type { SamplerName, Spacing } from "../sampling/plan.ts";

/** How a model samples where a request does not say. */
export type SamplingDefaults = { sampler: SamplerName; spacing: Spacing; steps: number; guidance: number; guidanceInterval?: { from: number; to: number } };

/**
 * By the preset a model's configuration started from. SD 1.5: the authors' guidance, with 20 steps of DPM-Solver++(2M)
 * in the place of their 50 of DDIM. Mini: fresh noise at each step lets it mend what it drew wrong before, and guidance at little
 * noise frays edges (measured: models/mini/README.md).
 */
const BY_PRESET: Readonly<Record<string, SamplingDefaults>> = {
  sd15: { sampler: "dpmpp_2m", spacing: "karras", steps: 20, guidance: 8 },
  mini: { sampler: "euler_ancestral", spacing: "normal", steps: 20, guidance: 4, guidanceInterval: { from: 1, to: 1000 } },
};

/** For every other preset: plain settings that no model is broken by. */
const OTHERS: SamplingDefaults = { sampler: "euler", spacing: "normal", steps: 20, guidance: 4 };

/** The sampling defaults of a preset. */
export const samplingDefaults = (preset: string): SamplingDefaults => BY_PRESET[preset] ?? OTHERS;
