import { expect, test } from "vitest";
import { bradleyTerry } from "./bradley-terry.ts";

test("many comparisons give back the strengths that made them", () => {
  const truth = [-1, 0, 0.25, 0.75];
  const n = 20_000;
  const wins = truth.map((a, i) => truth.map((b, j) => (i === j ? 0 : n / (1 + Math.exp(b - a)))));
  const found = bradleyTerry(wins);
  for (const [i, { theta, error }] of found.entries()) {
    expect(theta).toBeCloseTo(truth[i]!, 2);
    // The prior leaves their common level to chance; the error holds that too, and is small beside the prior's spread.
    expect(error).toBeLessThan(1.1);
  }
});

test("a contestant that never lost stays finite, nobody compared has the prior's own spread, and equals are equal", () => {
  const found = bradleyTerry([[0, 5, 0], [0, 0, 0], [0, 0, 0]]);
  expect(found[0]!.theta).toBeGreaterThan(0.5);
  expect(found[0]!.theta).toBeLessThan(4);
  expect(found[0]!.theta).toBeCloseTo(-found[1]!.theta, 8);
  expect(found[2]).toEqual({ theta: 0, error: 2 });
  expect(bradleyTerry([[0, 3], [3, 0]]).map(({ theta }) => theta)).toEqual([0, 0]);
  expect(bradleyTerry([])).toEqual([]);
});

test("more votes make intervals narrower, by the square root of their number", () => {
  const spread = (n: number) => {
    const [a, b] = bradleyTerry([[0, n], [n, 0]]);
    return a!.error + b!.error;
  };
  expect(spread(10)).toBeGreaterThan(spread(1000));
});

test("its optimum is the posterior's: no small move of any strength is better", () => {
  const wins = [[0, 4, 1.5], [2, 0, 7], [3.5, 1, 0]];
  const thetas = bradleyTerry(wins).map(({ theta }) => theta);
  const posterior = (at: readonly number[]) =>
    wins.reduce((sum, row, i) => sum + row.reduce((inner, count, j) => inner - count * Math.log1p(Math.exp(at[j]! - at[i]!)), 0), 0) - at.reduce((sum, x) => sum + x ** 2 / 8, 0);
  for (let i = 0; i < 3; i++) {
    for (const move of [-1e-3, 1e-3]) expect(posterior(thetas.map((x, j) => (i === j ? x + move : x)))).toBeLessThan(posterior(thetas));
  }
});
