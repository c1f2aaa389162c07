/**
 * Every primitive, three ways: its gradient against central differences, its ONNX (each profile this machine can run)
 * against the float64 interpreter, and symbolic shapes against static ones.
 */
import * as ort from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { mulDims, symbol } from "./dim.ts";
import type { Shape } from "./dim.ts";
import { grad } from "./grad.ts";
import { trace } from "./graph.ts";
import type { Graph } from "./graph.ts";
import { interpret } from "./interpret.ts";
import { toOnnx } from "./onnx/lower.ts";
import { PROFILES } from "./onnx/profile.ts";
import * as op from "./ops.ts";
import { simplify } from "./simplify.ts";
import type { DType, OpKind, Tensor } from "./tensor.ts";

type Operand = { shape: number[]; dtype?: DType; values?: (i: number) => number };
type Case = { name: string; covers: OpKind[]; operands: Operand[]; f: (...xs: Tensor[]) => Tensor };

/** Deterministic, irregular values in -1..1, away from the kinks of abs, sign and maximum. */
const value = (i: number): number => {
  const x = Math.sin(12.9898 * (i + 1)) * 43758.5453;
  const y = (x - Math.floor(x)) * 2 - 1;
  return Math.abs(y) < 0.05 ? 0.3 : y;
};
const positive = (i: number): number => Math.abs(value(i)) + 0.5;
const geometry = { stride: 1, pads: { top: 1, left: 1, bottom: 1, right: 1 } };
const uneven = { stride: 2, pads: { top: 0, left: 0, bottom: 1, right: 1 } };

const unary = (kind: OpKind & keyof typeof op, values?: (i: number) => number): Case =>
  ({ name: kind, covers: [kind], operands: [{ shape: [2, 3], ...(values && { values }) }], f: op[kind] as (x: Tensor) => Tensor });
const binary = (kind: OpKind & keyof typeof op, values?: (i: number) => number): Case =>
  ({ name: `${kind} with broadcasting`, covers: [kind], operands: [{ shape: [2, 3, 4] }, { shape: [3, 1], ...(values && { values }) }], f: op[kind] as (a: Tensor, b: Tensor) => Tensor });

const cases: Case[] = [
  unary("neg"), unary("exp"), unary("log", positive), unary("sqrt", positive), unary("tanh"), unary("sigmoid"), unary("erf"),
  unary("sin"), unary("cos"), unary("abs"), unary("sign"), unary("gelu"), unary("quickGelu"),
  { name: "silu", covers: ["quickGelu"], operands: [{ shape: [5] }], f: op.silu },
  binary("add"), binary("sub"), binary("mul"), binary("div", positive), binary("maximum"),
  { name: "matmul, batch x matrix", covers: ["matmul"], operands: [{ shape: [2, 3, 4] }, { shape: [4, 5] }], f: op.matmul },
  { name: "matmul, broadcast batches", covers: ["matmul"], operands: [{ shape: [2, 1, 3, 4] }, { shape: [3, 4, 2] }], f: op.matmul },
  { name: "attention", covers: ["attention"], operands: [{ shape: [2, 3, 8] }, { shape: [2, 5, 8] }, { shape: [2, 5, 8] }], f: (q, k, v) => op.attention(q, k, v, { heads: 2 }) },
  { name: "attention, causal", covers: ["attention"], operands: [{ shape: [2, 4, 8] }, { shape: [2, 4, 8] }, { shape: [2, 4, 8] }], f: (q, k, v) => op.attention(q, k, v, { heads: 4, causal: true }) },
  { name: "conv with bias", covers: ["conv"], operands: [{ shape: [2, 3, 5, 4] }, { shape: [4, 3, 3, 3] }, { shape: [4] }], f: (x, w, b) => op.conv(x, w, b, { pads: 1 }) },
  { name: "conv, stride 2, uneven pads", covers: ["conv"], operands: [{ shape: [2, 3, 6, 6] }, { shape: [2, 3, 3, 3] }], f: (x, w) => op.conv(x, w, undefined, uneven) },
  { name: "conv 1x1", covers: ["conv"], operands: [{ shape: [2, 3, 2, 2] }, { shape: [4, 3, 1, 1] }, { shape: [4] }], f: (x, w, b) => op.conv(x, w, b) },
  { name: "conv, stride as large as the kernel", covers: ["conv"], operands: [{ shape: [1, 3, 4, 4] }, { shape: [5, 3, 2, 2] }], f: (x, w) => op.conv(x, w, undefined, { stride: 2 }) },
  { name: "convInputGrad", covers: ["convInputGrad"], operands: [{ shape: [2, 4, 5, 5] }, { shape: [4, 3, 3, 3] }], f: (g, w) => op.apply({ kind: "convInputGrad", ...geometry, inputShape: [2, 3, 5, 5] }, g, w) },
  { name: "convInputGrad, stride 2", covers: ["convInputGrad"], operands: [{ shape: [2, 4, 3, 3] }, { shape: [4, 3, 3, 3] }], f: (g, w) => op.apply({ kind: "convInputGrad", ...uneven, inputShape: [2, 3, 6, 6] }, g, w) },
  { name: "convWeightGrad", covers: ["convWeightGrad"], operands: [{ shape: [2, 3, 4, 5] }, { shape: [2, 4, 4, 5] }], f: (x, g) => op.apply({ kind: "convWeightGrad", ...geometry, kernel: [3, 3] }, x, g) },
  { name: "convWeightGrad, stride 2", covers: ["convWeightGrad"], operands: [{ shape: [2, 3, 6, 6] }, { shape: [2, 4, 3, 3] }], f: (x, g) => op.apply({ kind: "convWeightGrad", ...uneven, kernel: [3, 3] }, x, g) },
  { name: "convWeightGrad 1x1", covers: ["convWeightGrad"], operands: [{ shape: [2, 3, 2, 2] }, { shape: [2, 4, 2, 2] }], f: (x, g) => op.apply({ kind: "convWeightGrad", stride: 1, pads: { top: 0, left: 0, bottom: 0, right: 0 }, kernel: [1, 1] }, x, g) },
  { name: "reshape", covers: ["reshape"], operands: [{ shape: [2, 6] }], f: (x) => op.reshape(x, [3, 4]) },
  { name: "transpose", covers: ["transpose"], operands: [{ shape: [2, 3, 4] }], f: (x) => op.transpose(x, [2, 0, 1]) },
  { name: "broadcast", covers: ["broadcast"], operands: [{ shape: [3, 1] }], f: (x) => op.broadcast(x, [2, 3, 4]) },
  { name: "concat", covers: ["concat"], operands: [{ shape: [2, 3] }, { shape: [2, 1] }, { shape: [2, 2] }], f: (...xs) => op.concat(xs, -1) },
  { name: "slice", covers: ["slice"], operands: [{ shape: [2, 5, 3] }], f: (x) => op.slice(x, 1, 1, 4) },
  { name: "pad", covers: ["pad"], operands: [{ shape: [2, 3] }], f: (x) => op.pad(x, 1, 2, 1) },
  { name: "upsample", covers: ["upsample"], operands: [{ shape: [1, 2, 3, 2] }], f: op.upsample },
  { name: "gather", covers: ["gather"], operands: [{ shape: [5, 3] }, { shape: [2, 4], dtype: "int64", values: (i) => (i * 3) % 5 }], f: op.gather },
  { name: "scatterAdd", covers: ["scatterAdd"], operands: [{ shape: [2, 4], dtype: "int64", values: (i) => (i * 3) % 5 }, { shape: [2, 4, 3] }], f: (ids, u) => op.apply({ kind: "scatterAdd", rows: 5 }, ids, u) },
  { name: "sum", covers: ["sum"], operands: [{ shape: [2, 3, 4] }], f: (x) => op.sum(x, [0, 2]) },
  { name: "sum, all", covers: ["sum"], operands: [{ shape: [2, 3] }], f: (x) => op.sum(x) },
  { name: "mean, kept axes", covers: ["mean"], operands: [{ shape: [2, 3, 4] }], f: (x) => op.mean(x, [1], { keepDims: true }) },
  { name: "max", covers: ["max"], operands: [{ shape: [2, 3, 4] }], f: (x) => op.max(x, [-1]) },
  { name: "softmax", covers: ["softmax"], operands: [{ shape: [2, 3, 4] }], f: op.softmax },
  { name: "log softmax", covers: ["softmax"], operands: [{ shape: [2, 4] }], f: op.logSoftmax },
  { name: "layerNorm", covers: ["layerNorm"], operands: [{ shape: [2, 3, 6] }, { shape: [6] }, { shape: [6] }], f: (x, w, b) => op.layerNorm(x, w, b, 1e-5) },
  { name: "groupNorm", covers: ["groupNorm"], operands: [{ shape: [2, 6, 2, 3] }, { shape: [6] }, { shape: [6] }], f: (x, w, b) => op.groupNorm(x, w, b, 3, 1e-5) },
  { name: "groupNorm, then SiLU", covers: ["groupNorm"], operands: [{ shape: [2, 4, 2, 2] }, { shape: [4] }, { shape: [4] }], f: (x, w, b) => op.silu(op.groupNorm(x, w, b, 2, 1e-5)) },
];

type Feed = { dims: number[]; data: Float64Array; dtype: DType };

function feedsOf(c: Case): Record<string, Feed> {
  let seed = 0;
  return Object.fromEntries(c.operands.map(({ shape, dtype = "float32", values = value }, i) => {
    const size = shape.reduce((n, d) => n * d, 1);
    const start = dtype === "int64" ? 0 : (seed += 1000);
    return [`x${i}`, { dims: shape, dtype, data: Float64Array.from({ length: size }, (_, j) => values(start + j)) }];
  }));
}

const graphOf = (c: Case): Graph =>
  trace(c.name, Object.fromEntries(c.operands.map(({ shape, dtype = "float32" }, i) => [`x${i}`, { shape, dtype }])), (xs) => ({ y: c.f(...Object.values(xs)) }));

/** The case's output weighted by irregular numbers and summed, and its gradient with respect to every float operand. */
function lossGraph(c: Case): Graph {
  return trace(c.name, Object.fromEntries(c.operands.map(({ shape, dtype = "float32" }, i) => [`x${i}`, { shape, dtype }])), (xs) => {
    const operands = Object.values(xs);
    const y = c.f(...operands);
    const size = y.shape.reduce<number>((n, d) => n * Number(d), 1);
    const loss = op.sum(op.mul(y, op.constant(Array.from({ length: size }, (_, i) => value(i + 77)), y.shape)));
    const floats = operands.filter((x) => x.dtype === "float32");
    const gradients = grad(loss, floats).map((g, i) => {
      const x = floats[i];
      return [x?.op.kind === "input" ? `d_${x.op.name}` : "", g] as const;
    });
    return { loss, ...Object.fromEntries(gradients) };
  });
}

async function runOnnx(bytes: Uint8Array, feeds: Record<string, Feed>): Promise<Record<string, { dims: readonly number[]; data: Float32Array }>> {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const tensors = Object.fromEntries(Object.entries(feeds).filter(([name]) => session.inputNames.includes(name)).map(([name, { dims, data, dtype }]) => [
    name, dtype === "int64" ? new ort.Tensor("int64", BigInt64Array.from(data, BigInt), dims) : new ort.Tensor("float32", Float32Array.from(data), dims),
  ]));
  const results = await session.run(tensors);
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, t]) => [name, { dims: t.dims, data: t.data as Float32Array }]));
}

function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let error = a.length === b.length ? 0 : Infinity;
  for (let i = 0; i < a.length; i++) error = Math.max(error, Math.abs((a[i] ?? NaN) - (b[i] ?? NaN)));
  return error;
}

describe("primitives", () => {
  test("every primitive has a case here", () => {
    const leaves: OpKind[] = ["input", "parameter", "constant"];
    const all: Record<Exclude<OpKind, "input" | "parameter" | "constant">, true> = {
      neg: true, exp: true, log: true, sqrt: true, tanh: true, sigmoid: true, erf: true, sin: true, cos: true, abs: true, sign: true, gelu: true,
      quickGelu: true, add: true, sub: true, mul: true, div: true, maximum: true, matmul: true, attention: true, conv: true, convInputGrad: true,
      convWeightGrad: true, reshape: true, transpose: true, broadcast: true, concat: true, slice: true, pad: true, upsample: true, gather: true,
      scatterAdd: true, sum: true, mean: true, max: true, softmax: true, layerNorm: true, groupNorm: true,
    };
    expect(new Set(cases.flatMap((c) => c.covers))).toEqual(new Set(Object.keys(all).filter((k) => !leaves.includes(k as OpKind))));
  });

  test.each(cases)("the gradient of $name equals central differences", (c) => {
    const feeds = feedsOf(c);
    for (const graph of [lossGraph(c), simplify(lossGraph(c))]) {
      const results = interpret(graph, feeds);
      for (const [name, feed] of Object.entries(feeds)) {
        if (feed.dtype !== "float32") continue;
        const numeric = feed.data.map((x, i) => {
          const h = 1e-5;
          const lossAt = (v: number): number => interpret({ ...graph, outputs: { loss: graph.outputs["loss"]! } }, { ...feeds, [name]: { ...feed, data: feed.data.with(i, v) } })["loss"]!.data[0]!;
          return (lossAt(x + h) - lossAt(x - h)) / (2 * h);
        });
        // Central differences at h = 1e-5 in float64 are good to about 1e-9 here.
        expect(worst(results[`d_${name}`]!.data, numeric)).toBeLessThan(1e-7);
      }
    }
  });

  test.each(cases)("ONNX of $name and of its gradient equals the interpreter in every profile that runs here", async (c) => {
    const feeds = feedsOf(c);
    for (const graph of [graphOf(c), lossGraph(c), simplify(lossGraph(c))]) {
      const expected = interpret(graph, feeds);
      for (const profile of [PROFILES.cpu, PROFILES.plain]) {
        const results = await runOnnx(toOnnx(graph, { profile, parameters: { kind: "fed" } }), feeds);
        for (const [name, { shape, data }] of Object.entries(expected)) {
          expect(results[name]!.dims).toEqual(shape);
          expect(worst(results[name]!.data, data), `${name} in ${profile.name}`).toBeLessThan(2e-5);
        }
      }
    }
  });

  test("a graph with symbolic batch and size gives what static graphs give, at several sizes", async () => {
    const build = (shape: Shape): Graph => trace("symbolic", { x: { shape } }, ({ x }) => {
      const w = op.constant(Array.from({ length: 4 * 4 * 9 }, (_, i) => value(i)), [4, 4, 3, 3]);
      const ones = op.constant([1, 1, 1, 1]);
      const down = op.conv(op.silu(op.groupNorm(x, ones, ones, 2, 1e-5)), w, undefined, { stride: 2, pads: 1 });
      const [b, channels, h, width] = down.shape as [number, number, number, number];
      const tokens = op.transpose(op.flatten(down, 2, 4), [0, 2, 1]);
      const mixed = op.attention(tokens, tokens, tokens, { heads: 2 });
      const back = op.reshape(op.transpose(mixed, [0, 2, 1]), [b, channels, h, width]);
      return { y: op.concat([op.upsample(back), x], 1) };
    });
    const symbolic = build([symbol("B"), 4, mulDims(symbol("u"), 2), mulDims(symbol("v"), 2)]);
    for (const [b, h, width] of [[1, 4, 6], [3, 8, 4]] as const) {
      const feeds = { x: { dims: [b, 4, h, width], dtype: "float32" as const, data: Float64Array.from({ length: b * 4 * h * width }, (_, i) => value(i)) } };
      const expected = interpret(build([b, 4, h, width]), feeds)["y"]!;
      expect(interpret(symbolic, feeds)["y"]).toEqual(expected);
      for (const profile of [PROFILES.cpu, PROFILES.plain]) {
        const { y } = await runOnnx(toOnnx(simplify(symbolic), { profile, parameters: { kind: "fed" } }), feeds);
        expect(y!.dims).toEqual(expected.shape);
        expect(worst(y!.data, expected.data)).toBeLessThan(2e-5);
      }
    }
  });
});
