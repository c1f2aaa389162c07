import { below } from "../data/random.ts";
import type { Random } from "../data/random.ts";
import { JUDGE_SIDE } from "./network.ts";

/** Pictures of a multiple of the judge's side, box-averaged to it. @param pixels [B, 3, S, S] @returns [B, 3, 64, 64] */
export function judgePixels(pixels: Float32Array, side: number): Float32Array {
  const step = side / JUDGE_SIDE;
  if (!Number.isInteger(step)) throw new RangeError(`judgePixels: the judge looks at whole multiples of ${JUDGE_SIDE} pixels, not at ${side}`);
  const planes = pixels.length / side ** 2;
  const out = new Float32Array(planes * JUDGE_SIDE ** 2);
  for (let plane = 0; plane < planes; plane++) for (let y = 0; y < JUDGE_SIDE; y++) for (let x = 0; x < JUDGE_SIDE; x++) {
    let total = 0;
    for (let v = 0; v < step; v++) for (let u = 0; u < step; u++) total += pixels[(plane * side + y * step + v) * side + x * step + u] ?? 0;
    out[(plane * JUDGE_SIDE + y) * JUDGE_SIDE + x] = total / step ** 2;
  }
  return out;
}

/** Farthest that training moves a picture, pixels. */
const SHIFT = 4;

/**
 * Moves each picture by up to four pixels, its border repeated, and puts uniform noise of up to `noise` on every second
 * one, so that neither place nor faint grain decides. @param pixels [B, 3, 64, 64]
 */
export function disturb(random: Random, pixels: Float32Array, noise: number): Float32Array {
  const out = new Float32Array(pixels.length);
  const size = 3 * JUDGE_SIDE ** 2;
  const inside = (i: number): number => Math.min(JUDGE_SIDE - 1, Math.max(0, i));
  for (let b = 0; b < pixels.length / size; b++) {
    const [dy, dx] = [below(random, 2 * SHIFT + 1) - SHIFT, below(random, 2 * SHIFT + 1) - SHIFT];
    const amplitude = random() < 0.5 ? 2 * noise * random() : 0;
    for (let c = 0; c < 3; c++) for (let y = 0; y < JUDGE_SIDE; y++) {
      const from = b * size + (c * JUDGE_SIDE + inside(y + dy)) * JUDGE_SIDE;
      const to = b * size + (c * JUDGE_SIDE + y) * JUDGE_SIDE;
      for (let x = 0; x < JUDGE_SIDE; x++) {
        const value = pixels[from + inside(x + dx)] ?? 0;
        out[to + x] = amplitude === 0 ? value : value + amplitude * (random() - 0.5);
      }
    }
  }
  return out;
}
