import { DeadiffError } from "../errors.ts";
import type { Predict } from "./denoiser.ts";
import { linear } from "./linear.ts";

/** One evaluation of the network: with the prompt and references, or with the negative prompt and no reference. */
export type Branch = "conditional" | "unconditional";

/** How strongly, and at which noise levels, the condition is enlarged. */
export type Guidance = {
  /** 1 is the network as it is; the authors sample with 8. */
  scale: number;
  /** Guided where `from < sigma <= to`; without it, everywhere. Outside, the unconditional evaluation is saved. */
  interval?: { from: number; to: number };
};

/** Evaluates the named branches at one latent, one prediction per branch in their order. */
export type PredictBranches = (xIn: Float32Array, timestep: number, branches: readonly Branch[]) => Promise<readonly Float32Array[]>;

/** The branches that guidance needs at a noise level. */
export function branchesAt(guidance: Guidance, sigma: number): readonly Branch[] {
  const { scale, interval } = guidance;
  const inside = interval === undefined || (sigma > interval.from && sigma <= interval.to);
  return scale !== 1 && inside ? ["unconditional", "conditional"] : ["conditional"];
}

/**
 * Classifier-free guidance: uncond + scale * (cond - uncond) inside the interval, cond outside.
 *
 * Source: Ho and Salimans (2022), arXiv:2207.12598, there with scale = 1 + w; Kynkaanniemi et al. (2024),
 * arXiv:2404.07724, for the interval: guidance harms at high noise and does nothing at low noise.
 *
 * @throws `guidance_branches`, from the returned function, when a prediction is missing
 */
export function guide(predict: PredictBranches, guidance: Guidance): Predict {
  return async (xIn, timestep, sigma) => {
    const branches = branchesAt(guidance, sigma);
    const predictions = await predict(xIn, timestep, branches);
    const [first, second] = predictions;
    if (predictions.length !== branches.length || first === undefined) {
      throw new DeadiffError("guidance_branches", `expected ${branches.length} predictions (${branches.join(", ")}), got ${predictions.length}`);
    }
    if (second === undefined) return first;
    return linear(1 - guidance.scale, first, guidance.scale, second);
  };
}
