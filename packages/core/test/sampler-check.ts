import { openSafetensorsFile } from "../src/node/safetensors-file.ts";
import { denoiser } from "../src/sampling/denoiser.ts";
import type { Sampler } from "../src/sampling/sampler.ts";
import { dpm2, dpmpp2m, euler, eulerAncestral, heun, lms } from "../src/sampling/samplers.ts";
import { betas, karrasSigmas, makeSchedule, normalSigmas, SD_BETAS } from "../src/sampling/schedule.ts";
import type { HostTensor } from "../src/session.ts";
import { relativeError } from "./comparison.ts";
import type { Comparison } from "./comparison.ts";
import { STAGE } from "./reference-stages.ts";

const SPACINGS = { normal: normalSigmas, karras: karrasSigmas };
const STEPS = [5, 12, 25];
const SAMPLERS: Readonly<Record<string, Sampler>> = { euler, heun, dpm_2: dpm2, dpmpp_2m: dpmpp2m, lms, euler_ancestral: eulerAncestral };

const schedule = makeSchedule(betas(SD_BETAS));
/** The closed-form model of the reference's README. */
const denoise = denoiser(schedule, "eps", (x, t) => Promise.resolve(x.map((v) => 0.6 * Math.tanh(v) + 0.3 * v + 0.1 * Math.sin(t / 100))));

/** Compares schedule, sigmas and every sampler with k-diffusion's own results. @param path samplers.safetensors */
export async function checkSamplers(path: string): Promise<Comparison[]> {
  const file = await openSafetensorsFile(path);
  try {
    const comparisons: Comparison[] = [];
    const compare = async (name: string, data: ArrayLike<number>, tolerance: number): Promise<void> => {
      const expected = await file.read(name);
      const actual: HostTensor = { dtype: "float64", dims: expected.dims, data: Float64Array.from(data) };
      comparisons.push({ name, tolerance, error: data.length === expected.data.length ? relativeError(actual, expected) : Infinity });
    };
    const floats = async (name: string): Promise<Float32Array> => Float32Array.from((await file.read(name)).data, Number);
    /** Each sigma held to its own size: the small ones decide a picture's details. */
    const compareSigmas = async (name: string, sigmas: Float64Array): Promise<void> => {
      const expected = await floats(name);
      const error = sigmas.reduce((worst, sigma, i) => Math.max(worst, sigma === expected[i] ? 0 : Math.abs(sigma - (expected[i] ?? NaN)) / (expected[i] ?? NaN)), 0);
      comparisons.push({ name, tolerance: STAGE, error: sigmas.length === expected.length ? error : Infinity });
    };
    await compare("alphas_cumprod", schedule.alphaBar, 1e-6);
    for (const [spacing, sigmasOf] of Object.entries(SPACINGS)) {
      for (const n of STEPS) {
        const sigmas = sigmasOf(schedule, n);
        await compareSigmas(`sigmas.${spacing}.${n}`, sigmas);
        const [start, noise] = [await floats(`${spacing}.${n}.x`), await floats(`${spacing}.${n}.noise`)];
        for (const [name, sample] of Object.entries(SAMPLERS)) {
          const x = await sample(denoise, start, sigmas, { noise: (i) => noise.slice(i * start.length, (i + 1) * start.length) });
          await compare(`${spacing}.${n}.${name}`, x, STAGE);
        }
      }
    }
    return comparisons;
  } finally {
    await file.close();
  }
}
