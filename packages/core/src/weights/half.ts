/**
 * Conversions between float32 and the 16-bit float types, by integer arithmetic: a thread whose denormals were
 * switched off (inference runtimes do that) converts them all the same.
 */

/** float32 bits of every float16: 1 sign, 5 exponent (bias 15) and 10 fraction bits (IEEE 754-2008, binary16). */
const float32BitsOfHalf = Uint32Array.from({ length: 0x10000 }, (_, half) => {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return sign | 0x7f800000 | (fraction << 13);
  if (exponent > 0) return sign | ((exponent + 112) << 23) | (fraction << 13);
  if (fraction === 0) return sign;
  const shift = Math.clz32(fraction) - 21; // a subnormal: moves its first set bit to the hidden place
  return sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13);
});

/** Widens float16 bits to float32, exactly. */
export function halfToFloat32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Uint32Array(halves.length);
  for (let i = 0; i < out.length; i++) out[i] = float32BitsOfHalf[halves[i] as number] as number;
  return new Float32Array(out.buffer);
}

/** Rounds float32 to float16 bits, to nearest with ties to even; magnitudes of 65520 and more become infinite, NaN stays NaN. */
export function float32ToHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = halfOfFloat32Bits(bits[i] as number);
  return out;
}

function halfOfFloat32Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and up: nearer to 2^16 than to 65504
  if (magnitude >= 0x38800000) return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  const exponent = magnitude >>> 23;
  if (exponent < 102) return sign; // below 2^-25: nearer to zero than to the smallest subnormal
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - exponent; // units of 2^-24
  const below = fraction & ((1 << shift) - 1);
  const halfway = 1 << (shift - 1);
  const kept = fraction >>> shift;
  return sign | (below > halfway || (below === halfway && (kept & 1) === 1) ? kept + 1 : kept);
}

/** Widens bfloat16 bits (the upper half of a float32) to float32, exactly. */
export function bfloat16ToFloat32(values: Uint16Array): Float32Array<ArrayBuffer> {
  const out = new Uint32Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = (values[i] as number) << 16;
  return new Float32Array(out.buffer);
}
