import * as ort from "onnxruntime-node";
import { expect, test } from "vitest";
import { mulDims, symbol } from "../dim.ts";
import type { Shape } from "../dim.ts";
import { trace } from "../graph.ts";
import type { Graph } from "../graph.ts";
import { interpret } from "../interpret.ts";
import { constant, conv, parameter } from "../ops.ts";
import type { ConvOptions } from "../ops.ts";
import { toOnnx } from "./lower.ts";
import { PROFILES } from "./profile.ts";
import type { Profile } from "./profile.ts";
import { operators } from "./test-graphs.ts";

const always: Profile = { ...PROFILES.cpu, winograd: { minPositions: 1, minChannels: 1 } };

/** Deterministic noise of about the given standard deviation. */
function noise(count: number, std: number): Float32Array {
  let state = 7;
  const uniform = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
  return Float32Array.from({ length: count }, () => (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3) * std);
}

function convGraph(shape: Shape, outChannels: number, options: ConvOptions = { pads: 1 }, kernel = 3): Graph {
  const channels = Number(shape[1]);
  const count = outChannels * channels * kernel ** 2;
  const weight = constant(noise(count, 1 / Math.sqrt(channels * kernel ** 2)), [outChannels, channels, kernel, kernel]);
  const bias = constant(noise(outChannels, 0.1), [outChannels]);
  return { ...trace("conv", { x: { shape } }, ({ x }) => ({ y: conv(x, weight, bias, options) })), typical: { B: 1, u: 2, v: 2 } };
}

async function run(graph: Graph, profile: Profile, dims: number[]): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(toOnnx(graph, { profile, parameters: { kind: "fed" } }), { logSeverityLevel: 3 });
  const { y } = await session.run({ x: new ort.Tensor("float32", noise(dims.reduce((n, d) => n * d, 1), 1), dims) });
  await session.release();
  return y!.data as Float32Array;
}

/** The largest error over the standard deviation of what it should be. */
function error(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [worst, squares] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
    squares += expected[i]! ** 2;
  }
  return worst / Math.sqrt(squares / expected.length);
}

test.each([[320, 64], [64, 320], [512, 16]])("a convolution of %i to %i channels is within 1e-4 of its exact value", async (channels, outChannels) => {
  const graph = convGraph([1, channels, 8, 8], outChannels);
  const x = noise(channels * 64, 1);
  const exact = interpret(graph, { x: { dims: [1, channels, 8, 8], data: x } })["y"]!.data;
  expect(error(await run(graph, always, [1, channels, 8, 8]), exact)).toBeLessThan(1e-4);
});

test("one graph with symbolic batch and size serves them all", async () => {
  const graph = convGraph([symbol("B"), 6, mulDims(symbol("u"), 4), mulDims(symbol("v"), 8)], 5);
  for (const dims of [[1, 6, 4, 8], [3, 6, 12, 8], [2, 6, 8, 24]]) {
    const exact = interpret(graph, { x: { dims, data: noise(dims.reduce((n, d) => n * d, 1), 1) } })["y"]!.data;
    expect(error(await run(graph, always, dims), exact)).toBeLessThan(1e-4);
  }
});

test("a layer whose transformed values would fill the cache is done in strips, to the same result, at other sizes too", async () => {
  const graph = { ...convGraph([symbol("B"), 64, mulDims(symbol("u"), 64), mulDims(symbol("v"), 64)], 64), typical: { B: 1, u: 2, v: 2 } };
  const strips = operators(toOnnx(graph, { profile: always, parameters: { kind: "fed" } })).filter((kind) => kind === "Slice").length;
  expect(strips).toBe(2);
  for (const dims of [[1, 64, 128, 64], [2, 64, 64, 128]]) {
    expect(error(await run(graph, always, dims), await run(graph, PROFILES.plain, dims))).toBeLessThan(1e-4);
  }
});

const cases: [string, Graph][] = [
  ["a stride", convGraph([1, 8, 8, 8], 8, { stride: 2, pads: 1 })],
  ["a kernel of one", convGraph([1, 8, 8, 8], 8, {}, 1)],
  ["uneven padding", convGraph([1, 8, 8, 8], 8, { pads: { top: 0, left: 0, bottom: 2, right: 2 } })],
  ["a size that tiles of four do not divide", convGraph([1, 8, 10, 8], 8)],
  ["a symbolic size that they may not divide", convGraph([1, 8, mulDims(symbol("u"), 2), 8], 8)],
  ["a symbol without a typical value", convGraph([1, 8, mulDims(symbol("other"), 4), 8], 8)],
];
test.each(cases)("a convolution with %s stays direct", (_what, graph) => {
  expect(operators(toOnnx(graph, { profile: always, parameters: { kind: "fed" } }))).toContain("Conv");
  expect(operators(toOnnx(graph, { profile: always, parameters: { kind: "fed" } }))).not.toContain("DepthToSpace");
});

test("a convolution stays direct while its weight may change, and turns to tiles once it lies in a file", () => {
  const graph = trace("conv", { x: { shape: [1, 8, 8, 8] } }, ({ x }) => ({ y: conv(x, parameter("w", [8, 8, 3, 3]), undefined, { pads: 1 }) }));
  const locate = () => ({ file: "w", offset: 0, bytes: 2304, dtype: "float32" as const });
  expect(operators(toOnnx(graph, { profile: always, parameters: { kind: "fed" } }))).not.toContain("DepthToSpace");
  expect(operators(toOnnx(graph, { profile: always, parameters: { kind: "external", locate } }))).toContain("DepthToSpace");
});

test("small layers stay direct in the profile of the processor", () => {
  const at = (channels: number, side: number): boolean =>
    operators(toOnnx(convGraph([1, channels, side, side], channels), { profile: PROFILES.cpu, parameters: { kind: "fed" } })).includes("DepthToSpace");
  expect([at(128, 32), at(64, 32), at(128, 16)]).toEqual([true, false, false]);
});
