import { expect, test } from "vitest";
import { gaussian, imageSeeds, MAX_SEED, parseSeed, seededNoise } from "./noise.ts";

test("noise is Box-Muller over the published philox words", () => {
  // Counter 0, key 0, first vector of Random123's known answers.
  const uniform = (word: number) => (word + 1) / 2 ** 32;
  const angle = (word: number) => (2 * Math.PI * word) / 2 ** 32;
  const first = Math.sqrt(-2 * Math.log(uniform(0x6627e8d5)));
  const second = Math.sqrt(-2 * Math.log(uniform(0xbc57ac4c)));
  expect([...gaussian(0n, 0, 4)]).toEqual(
    [first * Math.cos(angle(0xe169c58d)), first * Math.sin(angle(0xe169c58d)), second * Math.cos(angle(0x9b00dbd8)), second * Math.sin(angle(0x9b00dbd8))].map(Math.fround),
  );
});

test("noise is standard normal: moments, tails and no correlation between neighbours, draws or seeds", () => {
  const n = 200_000;
  const moments = (values: Float32Array) => [1, 2, 3, 4].map((k) => values.reduce((sum, v) => sum + v ** k, 0) / values.length);
  const a = gaussian(42n, 0, n);
  const [mean, variance, skew, kurtosis] = moments(a);
  // Six standard errors: sqrt(1/n), sqrt(2/n), sqrt(15/n), sqrt(96/n).
  expect(Math.abs(mean!)).toBeLessThan(6 * Math.sqrt(1 / n));
  expect(Math.abs(variance! - 1)).toBeLessThan(6 * Math.sqrt(2 / n));
  expect(Math.abs(skew!)).toBeLessThan(6 * Math.sqrt(15 / n));
  expect(Math.abs(kurtosis! - 3)).toBeLessThan(6 * Math.sqrt(96 / n));
  expect(a.filter((v) => Math.abs(v) > 3).length / n).toBeCloseTo(0.0027, 3);
  for (const b of [a.subarray(1), gaussian(42n, 1, n), gaussian(43n, 0, n)]) {
    const correlation = b.reduce((sum, v, i) => sum + v * a[i]!, 0) / b.length;
    expect(Math.abs(correlation)).toBeLessThan(6 * Math.sqrt(1 / n));
  }
});

test("an image's noise is the same alone and in any batch", () => {
  const seeds = imageSeeds(7n, 3);
  const batch = seededNoise(seeds, 10);
  for (const [b, seed] of seeds.entries()) {
    const alone = seededNoise([seed], 10);
    expect(batch.start().subarray(b * 10, b * 10 + 10)).toEqual(alone.start());
    expect(batch.step(4).subarray(b * 10, b * 10 + 10)).toEqual(alone.step(4));
  }
  expect(batch.step(0)).not.toEqual(batch.start());
});

test("a longer draw begins with the shorter one, whatever the length", () => {
  const long = gaussian(9n, 3, 17);
  for (let n = 0; n < 17; n++) expect(gaussian(9n, 3, n)).toEqual(long.subarray(0, n));
});

test("all 63 bits of a seed count", () => {
  const draws = [0n, 1n, 1n << 31n, 1n << 32n, 1n << 53n, (1n << 53n) + 1n, 1n << 62n, MAX_SEED].map((seed) => gaussian(seed, 0, 4).join());
  expect(new Set(draws).size).toBe(draws.length);
});

test("a seed out of range is refused, never wrapped", () => {
  for (const seed of [-1n, MAX_SEED + 1n]) expect(() => gaussian(seed, 0, 1)).toThrow(expect.objectContaining({ code: "seed_range" }));
  expect(() => imageSeeds(MAX_SEED, 2)).toThrow(expect.objectContaining({ code: "seed_range" }));
  expect(imageSeeds(MAX_SEED, 1)).toEqual([MAX_SEED]);
  for (const text of ["", "-1", "1e3", "0x10", " 1", "9223372036854775808", "1".repeat(1000)]) {
    expect(() => parseSeed(text)).toThrow(expect.objectContaining({ code: "seed_range" }));
  }
  expect(parseSeed("9223372036854775807")).toBe(MAX_SEED);
});
