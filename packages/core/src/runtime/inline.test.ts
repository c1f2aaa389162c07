import { afterAll, beforeAll, expect, test } from "vitest";
import type { HostTensor } from "../session.ts";
import { inlineRuntime, type InlineRuntime } from "./inline.ts";
import { doubling, encodeModel, ramp, shrinking } from "./test-models.ts";

let runtime: InlineRuntime;
beforeAll(async () => {
  runtime = await inlineRuntime({ threads: 1 });
});
afterAll(() => runtime.close());

const factor = (value: number): HostTensor => ({ dtype: "float32", dims: [1], data: Float32Array.of(value) });
const numbers = (tensor: HostTensor | undefined): number[] => Array.from(tensor!.data, Number);

test("every element type crosses in and out unchanged in type, and right in value", async () => {
  const tensors: [HostTensor, number[]][] = [
    [{ dtype: "float32", dims: [3], data: Float32Array.of(1, -2, 0.5) }, [2, -4, 1]],
    [{ dtype: "float64", dims: [3], data: Float64Array.of(1, -2, 1e300) }, [2, -4, 2e300]],
    [{ dtype: "int32", dims: [1, 2], data: Int32Array.of(7, -7) }, [14, -14]],
    [{ dtype: "int64", dims: [2, 1], data: BigInt64Array.of(2n ** 40n, -1n) }, [2 ** 41, -2]],
    [{ dtype: "float16", dims: [2], data: Uint16Array.of(0x3c00, 0xc000) }, [0x4000, 0xc400]],
    [{ dtype: "uint8", dims: [2], data: Uint8Array.of(3, 100) }, [6, 200]],
    [{ dtype: "float32", dims: [], data: Float32Array.of(4) }, [8]],
    [{ dtype: "float32", dims: [0, 5], data: new Float32Array(0) }, []],
  ];
  for (const [x, expected] of tensors) {
    const session = await runtime.open({ name: "doubling", onnx: doubling(x.dtype, x.dims) });
    const before = x.data.slice();
    const { y } = await session.run({ x });
    expect([y!.dtype, y!.dims, numbers(y)]).toEqual([x.dtype, x.dims, expected]);
    expect(y!.data.constructor).toBe(x.data.constructor);
    expect(x.data).toEqual(before);
    await session.close();
  }
  const not = await runtime.open({
    name: "not",
    onnx: encodeModel({ inputs: [{ name: "x", dims: ["n"], dtype: "bool" }], outputs: [{ name: "y", dims: ["n"], dtype: "bool" }], ops: [{ type: "Not", inputs: ["x"], outputs: ["y"] }] }),
  });
  expect((await not.run({ x: { dtype: "bool", dims: [2], data: Uint8Array.of(1, 0) } })).y).toEqual({ dtype: "bool", dims: [2], data: Uint8Array.of(0, 1) });
});

test("a view into a larger array feeds its own numbers", async () => {
  const session = await runtime.open({ name: "doubling", onnx: doubling("float32", [2]) });
  const { y } = await session.run({ x: { dtype: "float32", dims: [2], data: Float32Array.of(9, 1, 2, 9).subarray(1, 3) } });
  expect(numbers(y)).toEqual([2, 4]);
});

test("a kept weight is read and written by each step in turn, in two buffers", async () => {
  const session = await runtime.open({ name: "step", onnx: shrinking(1000) });
  await runtime.write("w", ramp([1000]));
  const start = ramp([1000]).data;
  const bytes: number[] = [];
  for (let step = 1; step <= 5; step++) {
    const outputs = await session.run({ weight: { kept: "w" }, factor: factor(0.5) }, { keep: { next: "w" } });
    expect(Object.keys(outputs)).toEqual(["sum"]);
    const kept = await runtime.read("w");
    expect(kept.data).toEqual(start.map((v) => v * 0.5 ** step));
    bytes.push(runtime.keptBytes());
  }
  expect(bytes).toEqual([8000, 8000, 8000, 8000, 8000]);
  await runtime.drop(["w", "never kept"]);
  expect(runtime.keptBytes()).toBe(0);
});

test("what was read or written does not change with later steps", async () => {
  const session = await runtime.open({ name: "step", onnx: shrinking(4) });
  const given = ramp([4]);
  await runtime.write("w", given);
  const read = await runtime.read("w");
  for (let step = 0; step < 3; step++) await session.run({ weight: { kept: "w" }, factor: factor(2) }, { keep: { next: "w" } });
  expect(read).toEqual(ramp([4]));
  expect(given).toEqual(ramp([4]));
  expect((await runtime.read("w")).data).toEqual(ramp([4]).data.map((v) => v * 8));
  await runtime.drop(["w"]);
});

test("one output may be kept under several names over time, each with its own value and shape", async () => {
  const session = await runtime.open({ name: "doubling", onnx: doubling("float32", ["n"]) });
  for (const n of [3, 5, 2, 5]) await session.run({ x: ramp([n]) }, { keep: { y: `k${n}` } });
  for (const n of [3, 5, 2]) expect((await runtime.read(`k${n}`)).data).toEqual(ramp([n]).data.map((v) => v * 2));
  expect(runtime.keptBytes()).toBe(4 * (3 + 5 + 2));
  await runtime.drop(["k3", "k5", "k2"]);
});

test("wrong feeds are refused with the names and shapes at fault, and kept tensors stay as they were", async () => {
  const session = await runtime.open({ name: "step", onnx: shrinking(4) });
  await runtime.write("w", ramp([4]));
  const weight = { kept: "w" };
  const keep = { next: "w" };
  const failures: [string, string, () => Promise<unknown>][] = [
    ["run_input_missing", "factor", () => session.run({ weight }, { keep })],
    ["run_input_unknown", "wait", () => session.run({ weight, factor: factor(1), wait: weight }, { keep })],
    ["run_input_mismatch", "float32 [4], got float32 [5]", () => session.run({ weight: ramp([5]), factor: factor(1) }, { keep })],
    ["run_input_mismatch", "float32 [4], got float64 [4]", () => session.run({ weight: { dtype: "float64", dims: [4], data: new Float64Array(4) }, factor: factor(1) }, { keep })],
    ["run_input_mismatch", "float32 [4], got float32 [2, 2]", () => session.run({ weight: ramp([2, 2]), factor: factor(1) }, { keep })],
    ["tensor_length", "holds 4 numbers, got 3", () => session.run({ weight: { dtype: "float32", dims: [4], data: new Float32Array(3) }, factor: factor(1) }, { keep })],
    ["kept_missing", "gone", () => session.run({ weight: { kept: "gone" }, factor: factor(1) }, { keep })],
    ["run_output_unknown", "nxt", () => session.run({ weight, factor: factor(1) }, { keep: { nxt: "w" } })],
    ["run_output_unknown", "under one name", () => session.run({ weight, factor: factor(1) }, { keep: { next: "a", sum: "a" } })],
    ["kept_missing", "gone", () => runtime.read("gone")],
    ["tensor_length", "holds 4", () => runtime.write("w", { dtype: "float32", dims: [4], data: new Float32Array(5) })],
  ];
  for (const [code, text, call] of failures) {
    await expect(call()).rejects.toMatchObject({ code, message: expect.stringContaining(text) as string });
    expect(await runtime.read("w")).toEqual(ramp([4]));
  }
});

test("a graph that fails while it runs is an error of its own, and the session goes on", async () => {
  const session = await runtime.open({
    name: "reshape",
    onnx: encodeModel({
      inputs: [{ name: "x", dims: ["n"] }, { name: "shape", dims: [2], dtype: "int64" }],
      outputs: [{ name: "y", dims: ["a", "b"] }],
      ops: [{ type: "Reshape", inputs: ["x", "shape"], outputs: ["y"] }],
    }),
  });
  const run = (a: bigint, b: bigint) => session.run({ x: ramp([6]), shape: { dtype: "int64", dims: [2], data: BigInt64Array.of(a, b) } });
  await expect(run(4n, 2n)).rejects.toMatchObject({ code: "run_failed" });
  expect((await run(2n, 3n)).y!.dims).toEqual([2, 3]);
});

test("a model that is none, or whose weights are not where they should be, does not open", async () => {
  await expect(runtime.open({ name: "noise", onnx: new Uint8Array(100).fill(7) })).rejects.toMatchObject({ code: "session_open_failed" });
  await expect(runtime.open({ name: "empty", onnx: new Uint8Array(0) })).rejects.toMatchObject({ code: "session_open_failed" });
  for (const location of ["../weights", "/etc/hostname", "missing"]) {
    const onnx = encodeModel({
      inputs: [{ name: "x", dims: [1] }],
      outputs: [{ name: "y", dims: [1] }],
      weights: [{ name: "w", dims: [1], data: { location, offset: 0, length: 4 } }],
      ops: [{ type: "Add", inputs: ["x", "w"], outputs: ["y"] }],
    });
    await expect(runtime.open({ name: location, onnx, weightsFolder: import.meta.dirname, weightsHash: "0" })).rejects.toMatchObject({ code: "session_open_failed" });
  }
});

test("calls made together are answered in order, and close waits for them", async () => {
  const own = await inlineRuntime({ threads: 1 });
  const session = await own.open({ name: "doubling", onnx: doubling("float32", [1]) });
  const order: number[] = [];
  const runs = [1, 2, 3].map((v) => session.run({ x: factor(v) }).then(({ y }) => order.push(numbers(y)[0]!)));
  await own.close();
  await Promise.all(runs);
  expect(order).toEqual([2, 4, 6]);
  await expect(session.run({ x: factor(1) })).rejects.toMatchObject({ code: "runtime_closed" });
  await expect(own.open({ name: "late", onnx: doubling("float32", [1]) })).rejects.toMatchObject({ code: "runtime_closed" });
  await own.close();
});

test("a closed session refuses to run, twice closing is no error", async () => {
  const session = await runtime.open({ name: "doubling", onnx: doubling("float32", [1]) });
  await session.close();
  await session.close();
  await expect(session.run({ x: factor(1) })).rejects.toMatchObject({ code: "session_closed" });
});
