import { expect, test } from "vitest";
import { denoiser, type Denoise, type Prediction } from "./denoiser.ts";
import { guide, passesAt } from "./guidance.ts";
import type { Guidance } from "./guidance.ts";
import { gaussian } from "./noise.ts";
import { planSampling, SAMPLER_NAMES, SPACINGS } from "./plan.ts";
import { dpmpp2m, euler, heun } from "./samplers.ts";
import { betas, ddimTimesteps, makeSchedule, SD_BETAS, timestepAt } from "./schedule.ts";

const schedule = makeSchedule(betas(SD_BETAS));

/** A network that knows its data: one normal distribution of the given deviation, so that the exact answer is known. */
const DEVIATION = 0.5;
const exact: Denoise = (x, sigma) => Promise.resolve(x.map((v) => (v * DEVIATION ** 2) / (DEVIATION ** 2 + sigma ** 2)));

test("each sampler carries noise to the data's distribution, and converges with more steps", async () => {
  for (const name of SAMPLER_NAMES) {
    // A deterministic flow keeps quantiles: x0 = deviation * x / sqrt(deviation^2 + sigma^2). Ancestral steps keep the spread.
    const spread = async (steps: number) => {
      const plan = planSampling(schedule, { sampler: name, steps });
      const start = gaussian(1n, 0, 4096).map((v) => v * plan.startScale);
      const x = await plan.sample(exact, start, plan.sigmas, { noise: (i) => gaussian(1n, i + 1, 4096) });
      return Math.sqrt(x.reduce((sum, v) => sum + (v * plan.endScale) ** 2, 0) / x.length);
    };
    const [few, many] = [Math.abs((await spread(8)) - DEVIATION), Math.abs((await spread(100)) - DEVIATION)];
    // 5 % of the deviation: 1.1 % is the sample's own error, the rest is left to first-order ancestral steps.
    expect(many, name).toBeLessThan(0.05 * DEVIATION);
    expect(many, name).toBeLessThan(Math.max(few, 0.01));
  }
});

test("each sampler evaluates the network at the sigmas that its plan names, and leaves the latent that it starts from alone", async () => {
  for (const sampler of SAMPLER_NAMES) {
    for (const spacing of SPACINGS.filter((name) => sampler !== "ddim" || name === "normal")) {
      const plan = planSampling(schedule, { sampler, spacing, steps: 7 });
      const evaluated: number[] = [];
      const start = gaussian(1n, 0, 16).map((v) => v * plan.startScale);
      const before = start.slice();
      await plan.sample((x, sigma) => {
        evaluated.push(sigma);
        return exact(x, sigma);
      }, start, plan.sigmas, { noise: (i) => gaussian(1n, i + 1, 16) });
      expect(evaluated, `${sampler}, ${spacing}`).toEqual(plan.evaluations);
      expect(start).toEqual(before);
    }
  }
});

for (const eta of [0, 0.5, 1]) {
  test(`DDIM with eta ${eta} is the paper's update in DDIM's own variables`, async () => {
    const steps = 20;
    const eps = (x: number, t: number) => 0.6 * Math.tanh(x) + 0.3 * x + 0.1 * Math.sin(t / 100);
    const size = 16;
    const noise = (i: number) => gaussian(3n, i, size);
    const plan = planSampling(schedule, { sampler: "ddim", steps, eta });
    const seen: number[] = [];
    const denoise = denoiser(schedule, "eps", (x, t) => {
      seen.push(t);
      return Promise.resolve(x.map((v) => eps(v, t)));
    });
    const actual = (await plan.sample(denoise, noise(0).map((v) => v * plan.startScale), plan.sigmas, { noise: (i) => noise(i + 1) })).map((v) => v * plan.endScale);

    let x = Float64Array.from(noise(0));
    const timesteps = ddimTimesteps(schedule, steps).reverse();
    for (const [i, t] of timesteps.entries()) {
      const alpha = schedule.alphaBar[t]!;
      const alphaNext = schedule.alphaBar[timesteps[i + 1] ?? 0]!;
      const s = eta * Math.sqrt(((1 - alphaNext) / (1 - alpha)) * (1 - alpha / alphaNext));
      const z = noise(i + 1);
      x = x.map((v, j) => {
        const e = eps(v, t);
        const x0 = (v - Math.sqrt(1 - alpha) * e) / Math.sqrt(alpha);
        return Math.sqrt(alphaNext) * x0 + Math.sqrt(1 - alphaNext - s * s) * e + s * z[j]!;
      });
    }
    expect(seen).toEqual(timesteps);
    for (const [j, v] of x.entries()) expect(actual[j]).toBeCloseTo(v, 5);
  });
}

test("the three predictions of one network give the same D(x, sigma)", async () => {
  const x = gaussian(5n, 0, 32);
  const sigma = 1.7;
  const root = Math.sqrt(sigma ** 2 + 1);
  const clean = await exact(x, sigma);
  const eps = x.map((v, i) => (v - clean[i]!) / sigma);
  const outputs: Record<Prediction, Float32Array> = { x0: clean, eps, v: eps.map((e, i) => e / root - (clean[i]! * sigma) / root) };
  for (const prediction of ["eps", "v", "x0"] as const) {
    const denoise = denoiser(schedule, prediction, (xIn, t) => {
      expect(xIn[3]).toBeCloseTo(x[3]! / root, 6);
      expect(t).toBe(timestepAt(schedule, sigma));
      return Promise.resolve(outputs[prediction]);
    });
    const seen = await denoise(x, sigma);
    for (const [i, v] of clean.entries()) expect(seen[i]).toBeCloseTo(v, 6);
  }
});

test("a network that returns NaN or too few numbers is an error, not a black picture", async () => {
  const x = new Float32Array(4);
  const broken = (output: Float32Array) => denoiser(schedule, "eps", () => Promise.resolve(output))(x, 1);
  await expect(broken(Float32Array.of(0, NaN, 0, 0))).rejects.toMatchObject({ code: "prediction_not_finite" });
  await expect(broken(Float32Array.of(0, Infinity, 0, 0))).rejects.toMatchObject({ code: "prediction_not_finite" });
  await expect(broken(new Float32Array(3))).rejects.toMatchObject({ code: "prediction_shape" });
});

const passNames = (guidance: Guidance, sigma = 2): string[] => passesAt(guidance, sigma).map(({ pass }) => pass);

test("guidance extrapolates inside its interval and saves the unconditional evaluation outside", async () => {
  const asked: string[] = [];
  const predict = guide(
    (_x, _t, passes) => {
      asked.push(passes.join("+"));
      return Promise.resolve(passes.map((pass) => Float32Array.of(pass === "conditional" ? 3 : 1)));
    },
    { scale: 8, interval: { from: 0.3, to: 5 } },
  );
  const at = async (sigma: number) => (await predict(Float32Array.of(0), 0, sigma))[0];
  expect([await at(6), await at(5), await at(0.3)]).toEqual([3, 17, 3]);
  expect(asked).toEqual(["conditional", "unconditional+conditional", "conditional"]);
  expect(passNames({ scale: 1 })).toEqual(["conditional"]);
  expect(passNames({ scale: 8 })).toEqual(["unconditional", "conditional"]);
});

test("prompt guidance enlarges what the prompt changes beside the references, and nothing where it changes nothing", async () => {
  const at = async (image: number, guidance: Guidance): Promise<number | undefined> => {
    const values = { unconditional: 1, image, conditional: 5 };
    return (await guide((_x, _t, passes) => Promise.resolve(passes.map((pass) => Float32Array.of(values[pass]))), guidance)(Float32Array.of(0), 0, 2))[0];
  };
  // u + 4 (c - u) + 2 (c - i)
  expect(await at(3, { scale: 4, prompt: 2 })).toBe(1 + 4 * 4 + 2 * 2);
  expect(await at(5, { scale: 4, prompt: 2 })).toBe(await at(5, { scale: 4 }));
  // References that change nothing: the prompt's two scales add up.
  expect(await at(1, { scale: 4, prompt: 2 })).toBe(await at(1, { scale: 6 }));
  expect(passNames({ scale: 1, prompt: 2 })).toEqual(["image", "conditional"]);
  expect(passNames({ scale: 4, prompt: 2, interval: { from: 3, to: 9 } })).toEqual(["conditional"]);
});

test("progress reports each step once, with the latent at its new level", async () => {
  const plan = planSampling(schedule, { sampler: "dpmpp_2m", steps: 4, spacing: "karras" });
  const reports: string[] = [];
  const x = await dpmpp2m(exact, Float32Array.of(10), plan.sigmas, {
    onStep: ({ step, total, sigma, x, denoised }) => {
      expect(sigma).toBe(plan.sigmas[step]);
      reports.push(`${step}/${total} ${x.length} ${denoised.length}`);
    },
  });
  expect(reports).toEqual(["1/4 1 1", "2/4 1 1", "3/4 1 1", "4/4 1 1"]);
  expect(x[0]).toBeCloseTo((10 * DEVIATION) / Math.hypot(DEVIATION, plan.sigmas[0]!), 1);
});

test("an abort stops before the next evaluation, with the caller's reason", async () => {
  for (const sample of [euler, heun]) {
    const controller = new AbortController();
    let evaluations = 0;
    const denoise: Denoise = (x, sigma) => {
      if (++evaluations === 3) controller.abort(new Error("cancelled by its owner"));
      return exact(x, sigma);
    };
    const plan = planSampling(schedule, { sampler: "euler", steps: 10 });
    await expect(sample(denoise, Float32Array.of(1), plan.sigmas, { signal: controller.signal })).rejects.toThrow("cancelled by its owner");
    expect(evaluations).toBe(3);
  }
});

test("sampler requests that cannot be met are refused", async () => {
  expect(() => planSampling(schedule, { sampler: "ddim", steps: 10, spacing: "karras" })).toThrow(expect.objectContaining({ code: "sampler_spacing" }));
  expect(() => planSampling(schedule, { sampler: "ddim", steps: 10, eta: 1.5 })).toThrow(expect.objectContaining({ code: "sampler_eta" }));
  await expect(euler(exact, Float32Array.of(1), Float64Array.of(1, 2))).rejects.toMatchObject({ code: "sampler_sigmas" });
  const ancestral = planSampling(schedule, { sampler: "euler_ancestral", steps: 3 });
  await expect(ancestral.sample(exact, Float32Array.of(1), ancestral.sigmas)).rejects.toMatchObject({ code: "sampler_noise" });
});
