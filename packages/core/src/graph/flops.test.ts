import { expect, test } from "vitest";
import { conditioningGraph, decodeGraph, encodeGraph, textGraph, uNetGraph } from "../pipeline/graphs.ts";
import { SD15 } from "../presets.ts";
import { symbol } from "./dim.ts";
import { flopsOf } from "./flops.ts";
import { trace } from "./graph.ts";
import { apply, attention, conv, matmul } from "./ops.ts";

const at512 = { B: 1, u: 8, v: 8 };
const gigaMacs = (flops: number): number => flops / 2e9;

test("each contraction counts two operations per multiplication, at the given sizes", () => {
  const B = symbol("B");
  const graph = trace("contractions", { x: { shape: [B, 3, 8, 8] }, w: { shape: [5, 3, 3, 3] }, q: { shape: [B, 7, 4] }, k: { shape: [B, 6, 4] }, m: { shape: [4, 9] } }, ({ x, w, q, k, m }) => ({
    c: conv(x, w, undefined, { pads: 1 }), a: attention(q, k, k, { heads: 2 }), p: matmul(q, m),
  }));
  expect(flopsOf(graph, { B: 2 })).toBe(2 * 2 * (5 * 64 * 27 + 2 * 7 * 6 * 4 + 7 * 4 * 9));
  expect(() => flopsOf(graph)).toThrow(RangeError);
});

test("a convolution's gradients cost what it costs", () => {
  const geometry = { stride: 1, pads: { top: 1, left: 1, bottom: 1, right: 1 } };
  const graph = trace("gradients", { x: { shape: [2, 3, 8, 8] }, w: { shape: [5, 3, 3, 3] }, g: { shape: [2, 5, 8, 8] } }, ({ x, w, g }) => ({
    y: conv(x, w, undefined, { pads: 1 }),
    dx: apply({ kind: "convInputGrad", ...geometry, inputShape: [2, 3, 8, 8] }, g, w),
    dw: apply({ kind: "convWeightGrad", ...geometry, kernel: [3, 3] }, x, g),
  }));
  expect(flopsOf(graph)).toBe(3 * 2 * 2 * 5 * 64 * 27);
});

test("Stable Diffusion 1.5 costs what was counted from its architecture by hand", () => {
  const keys = gigaMacs(flopsOf(conditioningGraph(SD15, { image: false }), { B: 1 }));
  expect(gigaMacs(flopsOf(uNetGraph(SD15), { ...at512, S: 77 })) + keys).toBeCloseTo(401.64, 1);
  expect(gigaMacs(flopsOf(decodeGraph(SD15), at512))).toBeCloseTo(1257.3, 0);
  expect(gigaMacs(flopsOf(encodeGraph(SD15), at512))).toBeCloseTo(558.3, 0);
  expect(gigaMacs(flopsOf(textGraph(SD15), { B: 1 }))).toBeCloseTo(6.65, 2);
});
