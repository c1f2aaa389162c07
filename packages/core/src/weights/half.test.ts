import { expect, test } from "vitest";
import { bfloat16ToFloat32, float32ToHalf, halfToFloat32 } from "./half.ts";

const everyHalf = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);

/** The runtime's own conversion, which the product does not use because not every runtime has it. */
type Float16ArrayConstructor = new (source: ArrayBufferLike | ArrayLike<number>) => ArrayLike<number> & { buffer: ArrayBuffer };
const { Float16Array } = globalThis as unknown as { Float16Array: Float16ArrayConstructor };

test("every float16 widens to the float32 that the runtime's own type gives", () => {
  expect(halfToFloat32(everyHalf)).toEqual(Float32Array.from(new Float16Array(everyHalf.buffer)));
});

test("every float16 but NaN comes back from float32 bit for bit", () => {
  const back = float32ToHalf(halfToFloat32(everyHalf));
  const isNaN16 = (bits: number): boolean => (bits & 0x7fff) > 0x7c00;
  expect([...everyHalf].filter((bits) => !isNaN16(bits) && back[bits] !== bits)).toEqual([]);
  expect([...everyHalf].filter((bits) => isNaN16(bits) && !isNaN16(back[bits]!))).toEqual([]);
});

test("float32 rounds to float16 as the runtime's own type does: nearest, ties to even, through subnormals and overflow", () => {
  const bits = new Uint32Array(400_000);
  let state = 12345;
  for (let i = 0; i < bits.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // Half of them with exponents around what float16 holds, and exact ties among those.
    bits[i] = i % 2 === 0 ? state : ((state & 0x80ffffff) | ((100 + ((state >>> 24) % 48)) << 23)) & (i % 4 === 1 ? 0xfffff000 : 0xffffffff);
  }
  const values = new Float32Array(bits.buffer).filter((value) => !Number.isNaN(value));
  expect(float32ToHalf(values)).toEqual(new Uint16Array(new Float16Array(values).buffer));
});

test("bfloat16 widens to the float32 whose upper half it is", () => {
  expect([...bfloat16ToFloat32(Uint16Array.of(0x3f80, 0xc049, 0x7f80, 0x0001))]).toEqual([1, -3.140625, Infinity, 2 ** -133]);
});
