import { expect, test } from "vitest";
import { betas, ddimSigmas, ddimTimesteps, karrasSigmas, makeSchedule, normalSigmas, SD_BETAS, sigmaAt, timestepAt } from "./schedule.ts";

const schedule = makeSchedule(betas(SD_BETAS));

test("sigma and timestep are inverse to each other, exactly so at trained timesteps", () => {
  for (let t = 0; t < 1000; t++) expect(timestepAt(schedule, schedule.sigmas[t]!)).toBe(t);
  for (const t of [0.25, 1.5, 499.9, 998.001]) expect(timestepAt(schedule, sigmaAt(schedule, t))).toBeCloseTo(t, 9);
});

test("a sigma outside the trained range gets the nearest trained timestep", () => {
  expect(timestepAt(schedule, 1e-6)).toBe(0);
  expect(timestepAt(schedule, 0)).toBe(0);
  expect(timestepAt(schedule, 1e3)).toBe(999);
});

test("a timestep outside the schedule is refused", () => {
  for (const t of [-1, 999.5, NaN]) expect(() => sigmaAt(schedule, t)).toThrow(expect.objectContaining({ code: "schedule_timestep_range" }));
});

test("sigma lists run from the schedule's largest to its smallest sigma, then 0", () => {
  for (const list of [normalSigmas, karrasSigmas]) {
    for (const n of [2, 3, 50]) {
      const sigmas = list(schedule, n);
      expect(sigmas.length).toBe(n + 1);
      expect(sigmas[0]).toBeCloseTo(schedule.sigmas[999]!, 9);
      expect(sigmas[n - 1]).toBeCloseTo(schedule.sigmas[0]!, 9);
      expect(sigmas[n]).toBe(0);
    }
    const one = list(schedule, 1);
    expect(one[0]).toBeCloseTo(schedule.sigmas[999]!, 9);
    expect(one[1]).toBe(0);
  }
});

test("DDIM's timesteps are range(0, 1000, 1000 // S) + 1 inside the schedule", () => {
  expect(ddimTimesteps(schedule, 50)).toEqual(Array.from({ length: 50 }, (_, i) => 20 * i + 1));
  expect(ddimTimesteps(schedule, 30).length).toBe(31);
  for (let steps = 1; steps <= 1000; steps++) expect(Math.max(...ddimTimesteps(schedule, steps))).toBeLessThan(1000);
});

test("DDIM's sigmas are the table's own, from last to first, then sigma 0", () => {
  expect([...ddimSigmas(schedule, [1, 501])]).toEqual([501, 1, 0].map((t) => sigmaAt(schedule, t)));
});

test("impossible step counts and betas are refused", () => {
  for (const steps of [0, -1, 1.5, NaN]) {
    for (const list of [normalSigmas, karrasSigmas, ddimTimesteps]) expect(() => list(schedule, steps)).toThrow(expect.objectContaining({ code: "schedule_steps" }));
  }
  expect(() => ddimTimesteps(schedule, 1001)).toThrow(expect.objectContaining({ code: "schedule_steps" }));
  expect(() => makeSchedule(Float64Array.of(0.1, 1))).toThrow(expect.objectContaining({ code: "schedule_beta_range" }));
});
