import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { openSafetensorsFile } from "../node/safetensors-file.ts";
import { denoiser } from "./denoiser.ts";
import { evaluationSigmas, type SamplerName } from "./plan.ts";
import { dpm2, dpmpp2m, euler, eulerAncestral, heun, lms } from "./samplers.ts";
import { betas, karrasSigmas, makeSchedule, normalSigmas, SD_BETAS } from "./schedule.ts";

// k-diffusion's own results: see test/reference/README.md.
const file = await openSafetensorsFile(path.join(import.meta.dirname, "../../test/reference/samplers.safetensors"));
afterAll(() => file.close());

async function reference(name: string): Promise<Float32Array> {
  const tensor = await file.read(name);
  if (tensor.dtype !== "float32") throw new Error(`${name} is ${tensor.dtype}`);
  return tensor.data;
}

/** The largest difference over the standard deviation of the expected tensor. */
function error(actual: ArrayLike<number>, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length);
  const mean = expected.reduce((sum, v) => sum + v, 0) / expected.length;
  const deviation = Math.sqrt(expected.reduce((sum, v) => sum + (v - mean) ** 2, 0) / expected.length);
  return expected.reduce((worst, v, i) => Math.max(worst, Math.abs(v - actual[i]!)), 0) / deviation;
}

// Single stages in float32 agree to 1e-4 of the tensor's deviation: the reference computed in float32 throughout.
const TOLERANCE = 1e-4;

const schedule = makeSchedule(betas(SD_BETAS));
const spacings = { normal: normalSigmas, karras: karrasSigmas };
const samplers = { euler, heun, dpm_2: dpm2, dpmpp_2m: dpmpp2m, lms, euler_ancestral: eulerAncestral };

test("cumulative alphas are the reference's to float32", async () => {
  expect(error(schedule.alphaBar, await reference("alphas_cumprod"))).toBeLessThan(1e-6);
});

for (const spacing of ["normal", "karras"] as const) {
  for (const n of [5, 12, 25]) {
    test(`${spacing} sigmas of ${n} steps are k-diffusion's`, async () => {
      const sigmas = spacings[spacing](schedule, n);
      const expected = await reference(`sigmas.${spacing}.${n}`);
      expect(error(sigmas, expected)).toBeLessThan(TOLERANCE);
      // The small sigmas decide the details of an image: they are held to their own size too.
      for (const [i, sigma] of expected.entries()) expect(Math.abs(sigmas[i]! - sigma)).toBeLessThanOrEqual(TOLERANCE * sigma);
    });

    for (const [name, sample] of Object.entries(samplers)) {
      test(`${name} over ${n} ${spacing} sigmas ends where k-diffusion ends`, async () => {
        const evaluated: number[] = [];
        const eps = (x: Float32Array, t: number) => x.map((v) => 0.6 * Math.tanh(v) + 0.3 * v + 0.1 * Math.sin(t / 100));
        const denoise = denoiser(schedule, "eps", (x, t, sigma) => {
          evaluated.push(sigma);
          return Promise.resolve(eps(x, t));
        });
        const sigmas = spacings[spacing](schedule, n);
        const start = await reference(`${spacing}.${n}.x`);
        const before = start.slice();
        const noise = await reference(`${spacing}.${n}.noise`);
        const size = start.length;
        const x = await sample(denoise, start, sigmas, { noise: (i) => noise.slice(i * size, (i + 1) * size) });
        expect(error(x, await reference(`${spacing}.${n}.${name}`))).toBeLessThan(TOLERANCE);
        expect(start).toEqual(before);
        expect(evaluated).toEqual(evaluationSigmas(name as SamplerName, sigmas));
      });
    }
  }
}
