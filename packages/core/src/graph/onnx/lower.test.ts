/** What lowering writes for whole networks: the profiles' nodes, layouts, types, external weights. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as ort from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { evaluateDim, staticShape } from "../dim.ts";
import { parametersOf, trace } from "../graph.ts";
import type { Graph } from "../graph.ts";
import { interpret } from "../interpret.ts";
import { parameter, reshape, silu } from "../ops.ts";
import * as op from "../ops.ts";
import { print } from "../print.ts";
import { simplify } from "../simplify.ts";
import { crossAttention, selfAttention, selfAttentionSpec } from "../../models/attention.ts";
import { conv, convSpec, groupNorm, normSpec } from "../../models/layers.ts";
import { bindParams } from "../../models/params.ts";
import { conditioningGraph, decodeGraph, uNetGraph } from "../../pipeline/graphs.ts";
import { TINY } from "../../presets.ts";
import { Emitter } from "./emitter.ts";
import { toOnnx } from "./lower.ts";
import { ModelProtoSchema, NodeProtoSchema } from "./onnx_pb.ts";
import type { NodeProto } from "./onnx_pb.ts";
import { PROFILES } from "./profile.ts";
import type { Profile } from "./profile.ts";
import { graphOf, operators } from "./test-graphs.ts";

type Feed = { dims: number[]; data: Float32Array };

/** Irregular numbers for every input and parameter, small ones for weights, at the given sizes. */
function feedsFor(graph: Graph, symbols: Record<string, number>): Record<string, Feed> {
  const values = new Map(Object.entries(symbols));
  return Object.fromEntries([...graph.inputs, ...parametersOf(graph)].map((x, seed): [string, Feed] => {
    const dims = x.shape.map((d) => evaluateDim(d, values));
    const isWeight = x.op.kind === "parameter";
    const fanIn = Math.max(1, dims.slice(1).reduce((n, d) => n * d, 1));
    const data = Float32Array.from({ length: dims.reduce((n, d) => n * d, 1) }, (_, i) => {
      const y = Math.sin(12.9898 * (i + 1) + 78.233 * seed) * 43758.5453;
      return ((y - Math.floor(y)) * 2 - 1) * (isWeight ? 1.5 / Math.sqrt(fanIn) : 1);
    });
    return [x.op.kind === "input" || x.op.kind === "parameter" ? x.op.name : "", { dims, data }];
  }));
}

async function run(onnx: Uint8Array, feeds: Record<string, Feed>): Promise<Record<string, ort.Tensor>> {
  const session = await ort.InferenceSession.create(onnx, { logSeverityLevel: 4 });
  const results = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, new ort.Tensor("float32", feeds[name]!.data, feeds[name]!.dims)])));
  await session.release();
  return results;
}

/** The largest error over the standard deviation of what it should be. */
function error(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [worst, squares] = [actual.length === expected.length ? 0 : Infinity, 0];
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
    squares += expected[i]! ** 2;
  }
  return worst / Math.sqrt(squares / expected.length);
}

const fed = (graph: Graph, profile: Profile): Uint8Array => toOnnx(graph, { profile, parameters: { kind: "fed" } });

describe("whole networks", () => {
  const unet = uNetGraph(TINY), decode = decodeGraph(TINY);
  const small = { B: 1, u: 1, v: 1, S: 12 };
  const sizes = [small, { B: 2, u: 2, v: 1, S: 8 }, { B: 3, u: 1, v: 3, S: 12 }];

  test.each(sizes)("one symbolic graph gives the exact result at $B x $u x $v", async (symbols) => {
    for (const graph of [unet, decode, conditioningGraph(TINY, { image: true })]) {
      const feeds = feedsFor(graph, symbols);
      const exact = interpret(graph, feeds);
      for (const profile of [PROFILES.cpu, PROFILES.plain, { ...PROFILES.cpu, winograd: { minPositions: 1, minChannels: 1 } }]) {
        const results = await run(fed(graph, profile), feeds);
        for (const [name, { shape, data }] of Object.entries(exact)) {
          expect(results[name]!.dims).toEqual(shape);
          // Winograd's error is the largest here, some 1e-5 a layer.
          expect(error(results[name]!.data as Float32Array, data), `${graph.name} ${name} in ${profile.name}`).toBeLessThan(1e-4);
        }
      }
    }
  });

  test("nodes that only a graphics processor runs mean what the interpreter says, in full and in half precision", async () => {
    for (const graph of [unet, decode]) {
      const feeds = feedsFor(graph, small);
      const exact = interpret(graph, feeds);
      for (const [compute, tolerance] of [["float32", 1e-4], ["float16", 5e-2]] as const) {
        const results = await run(withoutGpuNodes(fed(graph, { ...PROFILES.cuda, compute })), feeds);
        for (const [name, { data }] of Object.entries(exact)) expect(error(results[name]!.data as Float32Array, data), `${graph.name} ${compute}`).toBeLessThan(tolerance);
      }
    }
  });

  test("half precision without such nodes runs on the CPU as it is", async () => {
    const feeds = feedsFor(unet, small);
    const { prediction } = await run(fed(unet, { ...PROFILES.webgpu, contrib: false }), feeds);
    // Ten bits of fraction, through some thirty layers.
    expect(error(prediction!.data as Float32Array, interpret(unet, feeds)["prediction"]!.data)).toBeLessThan(5e-2);
  });

  test("ONNX Runtime takes the cuda graph as well-formed and misses kernels alone", async () => {
    for (const graph of [unet, decode]) {
      const opened = ort.InferenceSession.create(fed(graph, PROFILES.cuda), { logSeverityLevel: 4 });
      await expect(opened).rejects.toThrow(/Failed to find kernel for com\.microsoft\.(NhwcConv|GroupNorm)/);
    }
  });

  test("convolutions, norms and residuals hand each other channels-last values", () => {
    const kinds = operators(fed(decode, PROFILES.cuda));
    const count = (kind: string): number => kinds.filter((k) => k === kind).length;
    expect(count("Conv") + count("InstanceNormalization") + count("Sigmoid")).toBe(0);
    // One transposition per convolution's weight; the rest lie at both ends, around the attention and the folds.
    expect(count("Transpose") - count("NhwcConv")).toBe(13);
  });
});

/** Rewrites a graph's NhwcConv and GroupNorm, which have no CPU kernel, by their definitions. */
function withoutGpuNodes(onnx: Uint8Array): Uint8Array {
  const model = fromBinary(ModelProtoSchema, onnx);
  const graph = model.graph!;
  const emitter = new Emitter({ name: "rewritten", inputs: [], outputs: {} });
  // Names are numbered: these begin where no node of the graph has got.
  for (let i = 0; i < 10_000; i++) emitter.fresh("");
  const ints = (node: NodeProto, name: string): number => Number(node.attribute.find((a) => a.name === name)!.i);
  const nodes = graph.node.flatMap((node): NodeProto[] => {
    const start = emitter.nodes.length;
    switch (node.opType) {
      case "NhwcConv": {
        const [x, w, ...bias] = node.input as [string, string, ...string[]];
        const [nchw, weight] = [emitter.emit("Transpose", [x], { perm: [0, 3, 1, 2] }), emitter.emit("Transpose", [w], { perm: [0, 3, 1, 2] })];
        const y = `equal_${node.name}`;
        const plain = create(NodeProtoSchema, { ...node, opType: "Conv", domain: "", input: [nchw, weight, ...bias], output: [y], name: y });
        return [...emitter.nodes.slice(start), plain, transposition(y, node.output[0]!)];
      }
      case "GroupNorm": {
        const [x, weight, bias] = node.input as [string, string, string];
        const [groups, activation] = [ints(node, "groups"), ints(node, "activation")];
        const epsilon = node.attribute.find((a) => a.name === "epsilon")!.f;
        // Computed in float32, as the kernel does.
        const nchw = emitter.emit("Cast", [emitter.emit("Transpose", [x], { perm: [0, 3, 1, 2] })], { to: 1 });
        const grouped = emitter.emit("Reshape", [nchw, emitter.ints([0, groups, -1])]);
        const unit = [1, 0].map((value) => emitter.constant(Array<number>(groups).fill(value), [groups], "float32"));
        const normal = emitter.emit("Reshape", [emitter.emit("InstanceNormalization", [grouped, ...unit], { epsilon: { float: epsilon } }), emitter.emit("Shape", [nchw])]);
        const [scale, shift] = [weight, bias].map((name) => emitter.emit("Reshape", [name, emitter.ints([-1, 1, 1])])) as [string, string];
        let y = emitter.emit("Add", [emitter.emit("Mul", [normal, scale]), shift]);
        if (activation === 1) y = emitter.emit("Mul", [y, emitter.emit("Sigmoid", [y])]);
        const typed = emitter.emit("CastLike", [y, x]);
        return [...emitter.nodes.slice(start), transposition(typed, node.output[0]!)];
      }
      default: return [node];
    }
  });
  return toBinary(ModelProtoSchema, { ...model, graph: { ...graph, node: nodes, initializer: [...graph.initializer, ...emitter.initializers] } });
}

const transposition = (input: string, output: string): NodeProto => {
  const emitter = new Emitter({ name: "one node", inputs: [], outputs: {} });
  emitter.emit("Transpose", [input], { perm: [0, 2, 3, 1] }, { output });
  return emitter.nodes[0]!;
};

describe("weights in files", () => {
  const three = 3 * 2 ** 30;
  const graph = trace("far", { x: { shape: [2, 4] } }, ({ x }) => ({ y: op.matmul(x, parameter("w", [4, 3])) }));

  test("lie at offsets beyond 2 and 4 GB, exact to the byte", () => {
    const locate = () => ({ file: "all.safetensors", offset: 2 * three + 1, bytes: 24, dtype: "float16" as const });
    const [weight] = graphOf(toOnnx(graph, { profile: PROFILES.cpu, parameters: { kind: "external", locate } })).initializer;
    expect(Object.fromEntries(weight!.externalData.map(({ key, value }) => [key, value]))).toEqual({ location: "all.safetensors", offset: "6442450945", length: "24" });
    expect([weight!.dataType, weight!.dims.map(Number)]).toEqual([10, [4, 3]]);
  });

  test("add nothing to the graph's own bytes, however large they are", () => {
    const large = trace("large", { x: { shape: [2, 40_000] } }, ({ x }) => ({ y: op.matmul(x, parameter("w", [40_000, 40_000])) }));
    const locate = () => ({ file: "w", offset: 0, bytes: 6_400_000_000, dtype: "float32" as const });
    expect(toOnnx(large, { profile: PROFILES.cpu, parameters: { kind: "external", locate } }).length).toBeLessThan(1000);
  });
});

describe("golden graphs", () => {
  const x = { shape: [2, 3, 8] };
  test("self-attention", () => {
    const graph = simplify(trace("self", { x }, (xs) => ({ y: selfAttention(bindParams(selfAttentionSpec(8)), xs.x, 2) })));
    expect(print(graph)).toMatchInlineSnapshot(`
      "self(x: f32[2, 3, 8]) {
        %0 = transpose{perm=[1,0]} @q.weight : f32[8, 8]
        %1 = matmul x %0 : f32[2, 3, 8]
        %2 = transpose{perm=[1,0]} @k.weight : f32[8, 8]
        %3 = matmul x %2 : f32[2, 3, 8]
        %4 = transpose{perm=[1,0]} @v.weight : f32[8, 8]
        %5 = matmul x %4 : f32[2, 3, 8]
        %6 = attention{heads=2 causal=false} %1 %3 %5 : f32[2, 3, 8]
        %7 = transpose{perm=[1,0]} @out.weight : f32[8, 8]
        %8 = matmul %6 %7 : f32[2, 3, 8]
        %9 = add %8 @out.bias : f32[2, 3, 8]
        return y = %9
      }"
    `);
    expect(operators(fed(graph, PROFILES.cpu)).join(" ")).toMatchInlineSnapshot(`"Transpose MatMul Transpose MatMul Transpose MatMul MultiHeadAttention Transpose MatMul Add Identity"`);
    expect(operators(fed(graph, PROFILES.plain)).join(" ")).toMatchInlineSnapshot(`"Transpose MatMul Transpose MatMul Transpose MatMul Reshape Transpose Reshape Transpose MatMul Mul Softmax Reshape Transpose MatMul Transpose Reshape Transpose MatMul Add Identity"`);
  });

  test("cross-attention with added image keys", () => {
    const spec = { q: selfAttentionSpec(8).q, out: selfAttentionSpec(8).out };
    const keys = { shape: [2, 5, 8] }, image = { shape: [2, 4, 8] };
    const graph = trace("cross", { x, k: keys, v: keys, imageK: image, imageV: image }, ({ x: tokens, ...rest }) =>
      ({ y: crossAttention(bindParams(spec), tokens, { kind: "added", ...rest }, 2) }));
    expect(print(simplify(graph))).toMatchInlineSnapshot(`
      "cross(x: f32[2, 3, 8], k: f32[2, 5, 8], v: f32[2, 5, 8], imageK: f32[2, 4, 8], imageV: f32[2, 4, 8]) {
        %0 = transpose{perm=[1,0]} @q.weight : f32[8, 8]
        %1 = matmul x %0 : f32[2, 3, 8]
        %2 = attention{heads=2 causal=false} %1 k v : f32[2, 3, 8]
        %3 = attention{heads=2 causal=false} %1 imageK imageV : f32[2, 3, 8]
        %4 = add %2 %3 : f32[2, 3, 8]
        %5 = transpose{perm=[1,0]} @out.weight : f32[8, 8]
        %6 = matmul %4 %5 : f32[2, 3, 8]
        %7 = add %6 @out.bias : f32[2, 3, 8]
        return y = %7
      }"
    `);
  });

  test("norm, SiLU and convolution", () => {
    const params = bindParams({ norm: normSpec(8), conv: convSpec(8, 4, 3) });
    const graph = trace("block", { x: { shape: [1, 8, 4, 4] } }, (xs) => ({ y: conv(params.conv, silu(groupNorm(params.norm, xs.x, 2, 1e-5))) }));
    expect(print(graph)).toMatchInlineSnapshot(`
      "block(x: f32[1, 8, 4, 4]) {
        %0 = groupNorm{groups=2 eps=0.00001} x @norm.weight @norm.bias : f32[1, 8, 4, 4]
        %1 = quickGelu{alpha=1} %0 : f32[1, 8, 4, 4]
        %2 = conv{stride=1 pads={"top":1,"left":1,"bottom":1,"right":1}} %1 @conv.weight @conv.bias : f32[1, 4, 4, 4]
        return y = %2
      }"
    `);
    expect(operators(fed(graph, PROFILES.cpu)).join(" ")).toMatchInlineSnapshot(`"Reshape InstanceNormalization Reshape Reshape Mul Reshape Add QuickGelu Conv Identity"`);
    expect(operators(fed(graph, PROFILES.cuda)).join(" ")).toMatchInlineSnapshot(`"Cast Transpose GroupNorm Cast Cast Transpose NhwcConv Transpose Cast Identity"`);
  });

  test("what simplification drops: identities, double layouts, constants known beforehand", () => {
    const graph = simplify(trace("waste", { x }, (xs) => {
      const twice = op.transpose(op.transpose(xs.x, [0, 2, 1]), [0, 2, 1]);
      const folded = op.mul(op.constant([2], []), op.constant([0.5], []));
      return { y: op.add(op.mul(reshape(twice, staticShape(xs.x.shape)), folded), op.mul(op.neg(op.neg(xs.x)), 3)) };
    }));
    expect(print(graph)).toMatchInlineSnapshot(`
      "waste(x: f32[2, 3, 8]) {
        %0 = mul x (3) : f32[2, 3, 8]
        %1 = add x %0 : f32[2, 3, 8]
        return y = %1
      }"
    `);
  });
});
