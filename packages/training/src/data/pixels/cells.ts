import type { Figure } from "./picture.ts";
import type { Scratch } from "./scratch.ts";

/** A figure averaged over a grid of square cells. */
export type Cells = {
  /** Cells along a side; the outermost may be cut. */
  readonly count: number;
  /** Side of a cell in pixels. */
  readonly side: number;
  /** Premultiplied mean colour and mean cover of each cell // [count, count] each */
  readonly r: Float32Array;
  readonly g: Float32Array;
  readonly b: Float32Array;
  readonly a: Float32Array;
};

/** Averages the figure over cells of `side` whole pixels, from the upper left. */
export function cellsOf(figure: Figure, side: number, scratch: Scratch): Cells {
  const { size } = scratch;
  const count = Math.ceil(size / side);
  const cells = { count, side, r: new Float32Array(count * count), g: new Float32Array(count * count), b: new Float32Array(count * count), a: new Float32Array(count * count) };
  for (const [from, to] of [[figure.r, cells.r], [figure.g, cells.g], [figure.b, cells.b], [figure.a, cells.a]] as const) {
    for (let v = 0; v < count; v++) {
      const bottom = Math.min(size, (v + 1) * side);
      for (let u = 0; u < count; u++) {
        const right = Math.min(size, (u + 1) * side);
        let sum = 0;
        for (let y = v * side; y < bottom; y++) for (let x = u * side; x < right; x++) sum += from[y * size + x] ?? 0;
        to[v * count + u] = sum / ((bottom - v * side) * (right - u * side));
      }
    }
  }
  return cells;
}
