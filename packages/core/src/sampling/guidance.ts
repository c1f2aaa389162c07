import { DeadiffError } from "../errors.ts";
import type { Predict } from "./denoiser.ts";
import { weightedSum } from "./linear.ts";

/** One evaluation of the network: with prompt and references; with the references and the negative prompt; or with that alone. */
export type Pass = "conditional" | "image" | "unconditional";

/** How strongly, and at which noise levels, the condition is enlarged. */
export type Guidance = {
  /** 1 is the network as it is; the authors sample with 8. */
  scale: number;
  /** How far the prompt is enlarged beyond that, where references stand beside it; 0, or left out, is not at all. */
  prompt?: number;
  /** Guided where `from < sigma <= to`; without it, everywhere. Outside, the unconditional evaluation is saved. */
  interval?: { from: number; to: number };
};

/** Evaluates the named passes at one latent, one prediction per pass in their order. */
export type PredictPasses = (xIn: Float32Array, timestep: number, passes: readonly Pass[]) => Promise<readonly Float32Array[]>;

/** The passes that guidance needs at a noise level, and what each counts: 1 in sum. */
export function passesAt({ scale, prompt = 0, interval }: Guidance, sigma: number): readonly { pass: Pass; weight: number }[] {
  const inside = interval === undefined || (sigma > interval.from && sigma <= interval.to);
  if (!inside) return [{ pass: "conditional", weight: 1 }];
  const passes: { pass: Pass; weight: number }[] = [
    { pass: "unconditional", weight: 1 - scale }, { pass: "image", weight: -prompt }, { pass: "conditional", weight: scale + prompt },
  ];
  return passes.filter(({ weight }) => weight !== 0);
}

/**
 * Classifier-free guidance: uncond + scale * (cond - uncond) + prompt * (cond - image) inside the interval, cond outside. What
 * `prompt` enlarges is what the prompt changes in a picture that has its references already: they pull toward what they are,
 * and this gives the prompt its share back.
 *
 * Source: Ho and Salimans (2022), arXiv:2207.12598, there with scale = 1 + w; Kynkaanniemi et al. (2024),
 * arXiv:2404.07724, for the interval: guidance harms at high noise and does nothing at low noise; Brooks et al. (2023),
 * arXiv:2211.09800, section 3.2, for two scales, which are there `scale` for the image and `scale` + `prompt` for the text.
 *
 * @throws `guidance_passes`, from the returned function, when a prediction is missing
 */
export function guide(predict: PredictPasses, guidance: Guidance): Predict {
  return async (xIn, timestep, sigma) => {
    const passes = passesAt(guidance, sigma);
    const predictions = await predict(xIn, timestep, passes.map(({ pass }) => pass));
    const [only] = predictions;
    if (predictions.length !== passes.length || only === undefined) {
      throw new DeadiffError("guidance_passes", `expected ${passes.length} predictions (${passes.map(({ pass }) => pass).join(", ")}), got ${predictions.length}`);
    }
    return passes.length === 1 ? only : weightedSum(passes.map(({ weight }, i) => ({ weight, values: predictions[i] ?? only })));
  };
}
