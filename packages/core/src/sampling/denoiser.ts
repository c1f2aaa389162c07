import { DeadiffError } from "../errors.ts";
import { allFinite, linear, scaled } from "./linear.ts";
import { timestepAt, type Schedule } from "./schedule.ts";

/**
 * The network as the sampler sees it.
 *
 * @param xIn the latent in the network's own scale: x / sqrt(sigma^2 + 1)
 * @param timestep fractional, in 0..T-1
 * @param sigma the same noise level as the samplers name it
 * @returns the prediction, as many numbers as `xIn`
 */
export type Predict = (xIn: Float32Array, timestep: number, sigma: number) => Promise<Float32Array>;

/** D(x, sigma): the clean latent that a network sees in x = x0 + sigma * eps. Returns an array that the caller owns. */
export type Denoise = (x: Float32Array, sigma: number) => Promise<Float32Array>;

/**
 * What a network was trained to predict: the noise `eps`, the clean latent `x0`, or the velocity
 * `v` = sqrt(alphaBar) eps - sqrt(1 - alphaBar) x0 (Salimans and Ho (2022), arXiv:2202.00512, section 4 and appendix D).
 */
export type Prediction = "eps" | "v" | "x0";

/**
 * Turns a network into D(x, sigma) = c_skip x + c_out predict(c_in x, t(sigma)), c_in = 1 / sqrt(sigma^2 + 1).
 *
 * Source: Karras et al. (2022), arXiv:2206.00364, table 1; k-diffusion `external.py`.
 *
 * @throws `prediction_shape` and `prediction_not_finite`, from the returned function
 */
export function denoiser(schedule: Schedule, prediction: Prediction, predict: Predict): Denoise {
  return async (x, sigma) => {
    const { cSkip, cOut, cIn } = scalings(prediction, sigma);
    const timestep = timestepAt(schedule, sigma);
    const output = await predict(scaled(cIn, x), timestep, sigma);
    if (output.length !== x.length) {
      throw new DeadiffError("prediction_shape", `the network returned ${output.length} numbers for a latent of ${x.length}`);
    }
    if (!allFinite(output)) {
      throw new DeadiffError("prediction_not_finite", `the network returned NaN or infinity at timestep ${timestep.toFixed(1)}: its weights or its input are broken`);
    }
    return linear(cSkip, x, cOut, output);
  };
}

function scalings(prediction: Prediction, sigma: number): { cSkip: number; cOut: number; cIn: number } {
  const cIn = 1 / Math.sqrt(sigma * sigma + 1);
  switch (prediction) {
    case "eps":
      return { cSkip: 1, cOut: -sigma, cIn };
    case "v":
      return { cSkip: cIn * cIn, cOut: -sigma * cIn, cIn };
    case "x0":
      return { cSkip: 0, cOut: 1, cIn };
  }
}
