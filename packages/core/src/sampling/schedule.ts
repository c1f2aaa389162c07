import { DeadiffError } from "../errors.ts";

/**
 * The noise levels a network was trained at. Index = training timestep, 0 (least noise) to `length - 1`.
 *
 * `sigma = sqrt((1 - alphaBar) / alphaBar)` is the level in the variance-exploding view x = x0 + sigma * eps that the
 * samplers work in; a network that was trained on sqrt(alphaBar) x0 + sqrt(1 - alphaBar) eps sees x / sqrt(sigma^2 + 1).
 */
export type Schedule = {
  /** Cumulative products of 1 - beta, in (0, 1), falling. */
  readonly alphaBar: Float32Array;
  /** Rising. */
  readonly sigmas: Float64Array;
  /** Natural logarithms of `sigmas`. */
  readonly logSigmas: Float64Array;
};

/** How betas grow over the training timesteps: `scaled_linear` is linear in sqrt(beta), as in Stable Diffusion. */
export type BetaConfig = {
  kind: "scaled_linear" | "linear";
  /** First beta, in (0, 1). */
  start: number;
  /** Last beta, in (0, 1). */
  end: number;
  /** Number of training timesteps. */
  steps: number;
};

/** Stable Diffusion 1.x: beta = linspace(sqrt .00085, sqrt .012, 1000)^2. */
export const SD_BETAS: BetaConfig = { kind: "scaled_linear", start: 0.00085, end: 0.012, steps: 1000 };

/** Lists the betas of a config, one per training timestep. */
export function betas(config: BetaConfig): Float64Array {
  switch (config.kind) {
    case "linear":
      return linspace(config.start, config.end, config.steps);
    case "scaled_linear":
      return linspace(Math.sqrt(config.start), Math.sqrt(config.end), config.steps).map((root) => root * root);
  }
}

/**
 * Builds the schedule of a list of betas.
 *
 * Reference quirk, kept for parity: alphaBar is accumulated in float64 and rounded to float32 before sigmas are taken
 * from it, which moves the smallest sigma by 3e-5 of itself.
 *
 * @throws `schedule_beta_range` when a beta lies outside (0, 1).
 */
export function makeSchedule(betaList: Float64Array): Schedule {
  let product = 1;
  const alphaBar = Float32Array.from(betaList, (beta, t) => {
    if (!(beta > 0 && beta < 1)) throw new DeadiffError("schedule_beta_range", `beta must lie in (0, 1), got ${beta} at timestep ${t}`);
    product *= 1 - beta;
    return product;
  });
  const sigmas = Float64Array.from(alphaBar, (a) => Math.sqrt((1 - a) / a));
  return { alphaBar, sigmas, logSigmas: sigmas.map(Math.log) };
}

/** Stable Diffusion 1.x's schedule. Made once: it takes as long as a tenth of a small model's step. */
export const SD_SCHEDULE: Schedule = makeSchedule(betas(SD_BETAS));

/**
 * The sigma at a fractional training timestep, interpolated linearly in log sigma.
 *
 * Source: k-diffusion, `DiscreteSchedule.t_to_sigma`.
 *
 * @param timestep in 0..length-1
 * @throws `schedule_timestep_range`
 */
export function sigmaAt(schedule: Schedule, timestep: number): number {
  const { logSigmas } = schedule;
  const low = Math.floor(timestep);
  const below = logSigmas[low];
  const above = logSigmas[Math.ceil(timestep)];
  if (below === undefined || above === undefined) {
    throw new DeadiffError("schedule_timestep_range", `timestep must lie in 0..${logSigmas.length - 1}, got ${timestep}`);
  }
  const w = timestep - low;
  return Math.exp((1 - w) * below + w * above);
}

/**
 * The fractional training timestep of a sigma: the inverse of {@link sigmaAt}. A sigma outside the trained range gets
 * the nearest trained timestep.
 *
 * Source: k-diffusion, `DiscreteSchedule.sigma_to_t` with `quantize=False`.
 */
export function timestepAt(schedule: Schedule, sigma: number): number {
  const { logSigmas } = schedule;
  const logSigma = Math.log(sigma);
  const last = logSigmas.length - 1;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((logSigmas[middle] ?? Infinity) <= logSigma) low = middle;
    else high = middle;
  }
  const below = logSigmas[low] ?? 0;
  const above = logSigmas[high] ?? below;
  if (logSigma <= below) return low;
  if (logSigma >= above) return high;
  return low + (logSigma - below) / (above - below);
}

/**
 * `steps` sigmas at evenly spaced timesteps from the last to 0, then 0: k-diffusion's `DiscreteSchedule.get_sigmas(n)`.
 *
 * @returns `steps + 1` falling sigmas
 * @throws `schedule_steps`
 */
export function normalSigmas(schedule: Schedule, steps: number): Float64Array {
  checkSteps(steps);
  const timesteps = linspace(schedule.sigmas.length - 1, 0, steps);
  return withZero(timesteps.map((t) => sigmaAt(schedule, t)));
}

/**
 * `steps` sigmas evenly spaced in sigma^(1/rho) between the schedule's ends, then 0.
 *
 * Source: Karras et al. (2022), arXiv:2206.00364, equation 5; k-diffusion, `get_sigmas_karras`.
 *
 * @returns `steps + 1` falling sigmas
 * @throws `schedule_steps`
 */
export function karrasSigmas(schedule: Schedule, steps: number, rho = 7): Float64Array {
  checkSteps(steps);
  const least = (schedule.sigmas[0] ?? 0) ** (1 / rho);
  const most = (schedule.sigmas.at(-1) ?? 0) ** (1 / rho);
  return withZero(linspace(most, least, steps).map((root) => root ** rho));
}

/**
 * DDIM's training timesteps in rising order, `range(0, T, floor(T / steps)) + 1`, as DEADiff's authors sample.
 *
 * Reference quirk, kept for parity: where T is no multiple of `steps` there are more timesteps than asked for (31 for
 * 30 of 1000). A timestep T, which the reference indexes past its table (37 steps of 1000), is left out.
 *
 * @param steps in 1..T
 * @throws `schedule_steps`
 */
export function ddimTimesteps(schedule: Schedule, steps: number): number[] {
  checkSteps(steps);
  const trained = schedule.sigmas.length;
  if (steps > trained) throw new DeadiffError("schedule_steps", `DDIM has at most ${trained} steps, got ${steps}`);
  const stride = Math.floor(trained / steps);
  const timesteps: number[] = [];
  for (let t = 1; t < trained; t += stride) timesteps.push(t);
  return timesteps;
}

/**
 * The sigmas at DDIM's timesteps from last to first, then the sigma of alphaBar[0] that DDIM ends on (it never reaches 0).
 *
 * @param timesteps rising
 */
export function ddimSigmas(schedule: Schedule, timesteps: readonly number[]): Float64Array {
  return Float64Array.from([...timesteps].reverse().concat(0), (t) => sigmaAt(schedule, t));
}

/** `count` evenly spaced numbers from `from` to `to`, both included; a single one is `from`. */
function linspace(from: number, to: number, count: number): Float64Array {
  const step = count > 1 ? (to - from) / (count - 1) : 0;
  return Float64Array.from({ length: count }, (_, i) => (i > 0 && i === count - 1 ? to : from + i * step));
}

function withZero(sigmas: Float64Array): Float64Array {
  const extended = new Float64Array(sigmas.length + 1);
  extended.set(sigmas);
  return extended;
}

function checkSteps(steps: number): void {
  if (!Number.isInteger(steps) || steps < 1) throw new DeadiffError("schedule_steps", `steps must be a positive integer, got ${steps}`);
}
