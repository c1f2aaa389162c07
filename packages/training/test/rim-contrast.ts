import { labFromRgb } from "../src/data/pixels/colour.ts";
import type { Canvas } from "../src/data/pixels/picture.ts";

/**
 * How well a figure stands out: along the rim of `cover`, the greatest colour difference (OKLab distance; black to white is
 * 1) between pixels up to `reach` inside and outside; of all rim points the one that a fifth of them fall below. 0 when the
 * figure has no rim.
 */
export function rimContrast(canvas: Canvas, cover: Float32Array, size: number, reach = 4): number {
  const labs: (readonly [number, number, number])[] = [];
  const labAt = (i: number) => (labs[i] ??= labFromRgb([clip(canvas.r[i]), clip(canvas.g[i]), clip(canvas.b[i])]));
  const strengths: number[] = [];
  for (const [along, across] of [[1, size], [size, 1]] as const) {
    for (let line = 0; line < size; line++) {
      for (let k = reach; k < size - reach; k++) {
        const at = (step: number) => line * across + (k + step) * along;
        if (cover[at(0)]! >= 0.5 === cover[at(1)]! >= 0.5) continue;
        let strongest = 0;
        for (let before = 1 - reach; before <= 0; before++) {
          for (let after = 1; after <= reach; after++) strongest = Math.max(strongest, distance(labAt(at(before)), labAt(at(after))));
        }
        strengths.push(strongest);
      }
    }
  }
  strengths.sort((x, y) => x - y);
  return strengths[Math.floor(strengths.length / 5)] ?? 0;
}

function distance(x: readonly [number, number, number], y: readonly [number, number, number]): number {
  return Math.hypot(x[0] - y[0], x[1] - y[1], x[2] - y[2]);
}

function clip(value = 0): number {
  return Math.min(1, Math.max(0, value));
}
