import { expect, test } from "vitest";
import { codeOf } from "../../test/io/code.ts";
import { countNotFinite } from "./finite.ts";
import { float16Values, float32Values, hostTensor, storedTensor } from "./host-tensor.ts";

test("bytes that start anywhere in their buffer make the same tensor", () => {
  const bytes = new Uint8Array(Float32Array.of(0, 1.5, -2).buffer);
  const shifted = new Uint8Array(13);
  shifted.set(bytes, 1);
  expect(hostTensor("t", "F32", [3], shifted.subarray(1))).toEqual({ dtype: "float32", dims: [3], data: Float32Array.of(0, 1.5, -2) });
});

test("what JavaScript has no array for is widened without loss", () => {
  const bytes = (data: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> => new Uint8Array(data.buffer);
  expect(hostTensor("t", "BF16", [2], bytes(Uint16Array.of(0x3f80, 0xff80)))).toEqual({ dtype: "float32", dims: [2], data: Float32Array.of(1, -Infinity) });
  expect(hostTensor("t", "I16", [2], bytes(Int16Array.of(-32768, 32767)))).toEqual({ dtype: "int32", dims: [2], data: Int32Array.of(-32768, 32767) });
  expect(hostTensor("t", "I8", [2], bytes(Int8Array.of(-128, 127)))).toEqual({ dtype: "int32", dims: [2], data: Int32Array.of(-128, 127) });
});

test("a tensor's stored form makes the same tensor", () => {
  const tensor = { dtype: "int64", dims: [2], data: BigInt64Array.of(-1n, 2n ** 62n) } as const;
  const { dtype, bytes } = storedTensor(tensor);
  expect(hostTensor("t", dtype, [2], new Uint8Array(bytes))).toEqual(tensor);
});

test("bytes that do not fit the shape are refused", async () => {
  expect(await codeOf(() => hostTensor("t", "F32", [2], new Uint8Array(7)))).toBe("tensor_wrong_size");
});

test("floating tensors convert to float32 and float16, others do not", async () => {
  const half = { dtype: "float16", dims: [2], data: Uint16Array.of(0x3c00, 0xfbff) } as const;
  expect([...float32Values("t", half)]).toEqual([1, -65504]);
  expect([...float16Values("t", { dtype: "float64", dims: [2], data: Float64Array.of(1, -1e9) })]).toEqual([0x3c00, 0xfc00]);
  expect(await codeOf(() => float32Values("t", { dtype: "int32", dims: [1], data: Int32Array.of(1) }))).toBe("tensor_wrong_dtype");
});

test("NaN and infinities are counted in every floating type, and nothing else is", () => {
  const count = (dtype: Parameters<typeof countNotFinite>[0], data: ArrayBufferView): number => countNotFinite(dtype, new Uint8Array(data.buffer));
  const odd = [NaN, Infinity, -Infinity, 0, -0, 1e-310, 3.4e38];
  expect(count("F64", Float64Array.from(odd))).toBe(3);
  expect(count("F32", Float32Array.from(odd))).toBe(3);
  expect(count("F16", Uint16Array.of(0x7c00, 0xfc01, 0x7bff, 0x0001, 0))).toBe(2);
  expect(count("BF16", Uint16Array.of(0x7f80, 0xffff, 0x7f7f, 0x7c00))).toBe(2);
  expect(count("I32", Int32Array.of(-1, 0x7f800000))).toBe(0);
});
