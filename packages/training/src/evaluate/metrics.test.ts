import { describe, expect, test } from "vitest";
import { bootstrapMean } from "./bootstrap.ts";
import { cosine, retrievalRank, topShare } from "./metrics.ts";

describe("metrics", () => {
  test("cosine is that of hand-computed angles", () => {
    expect(cosine([3, 4], [4, 3])).toBeCloseTo(24 / 25, 12);
    expect(cosine([1, 0], [0, 2])).toBe(0);
    expect(() => cosine([0, 0], [1, 1])).toThrow(RangeError);
    expect(() => cosine([1], [1, 1])).toThrow(RangeError);
  });

  test("the rank counts nearer candidates, and ties against the right one", () => {
    const candidates = [[1, 0], [1, 1], [0, 1]];
    expect(candidates.map((_, right) => retrievalRank([1, 0.1], candidates, right))).toEqual([0, 1, 2]);
    expect(retrievalRank([1, 1], [[1, 0], [1, 0]], 0)).toBe(1);
    expect(topShare([0, 1, 4, 5], 1)).toBe(0.25);
    expect(topShare([0, 1, 4, 5], 5)).toBe(0.75);
  });

  test("a vector retrieves itself: the reference copied is the ceiling", () => {
    const styles = [[1, 0, 0], [0, 1, 0], [0.7, 0.7, 0.1]];
    expect(topShare(styles.map((style, i) => retrievalRank(style, styles, i)), 1)).toBe(1);
  });

  test("the bootstrap is a function of its seed and near the normal interval", () => {
    const values = Array.from({ length: 400 }, (_, i) => i % 2);
    const estimate = bootstrapMean(values, 1);
    expect(bootstrapMean(values, 1)).toEqual(estimate);
    expect(estimate.mean).toBe(0.5);
    // 1.96 sqrt(.25 / 400) = .049; 2,000 resamples find the ends within a tenth of it.
    expect(estimate.low).toBeCloseTo(0.451, 1.9);
    expect(estimate.high).toBeCloseTo(0.549, 1.9);
  });
});
