import { latticeAt, type Grain } from "./noise.ts";
import type { Plane, Scratch } from "./scratch.ts";

/** A picture divided into the cells of scattered points. */
export type Shards = {
  /** Number of the cell that each pixel lies in, row by row // [S, S] */
  readonly owner: Int32Array;
  /** Distance in pixels to the nearest other cell // [S, S] */
  readonly border: Plane;
  /** Cells in a row, and in all. */
  readonly columns: number;
  readonly count: number;
};

/** Voronoi cells of one point per square of side `pitch` pixels, each moved about inside its square. */
export function shards(pitch: number, grain: Grain, scratch: Scratch): Shards {
  const { size } = scratch;
  const columns = Math.ceil(size / pitch) + 2;
  const xs = new Float32Array(columns * columns);
  const ys = new Float32Array(columns * columns);
  const offsetX = Math.floor(grain.x * 256);
  const offsetY = Math.floor(grain.y * 256);
  for (let v = 0; v < columns; v++) {
    for (let u = 0; u < columns; u++) {
      xs[v * columns + u] = (u - 1 + 0.1 + 0.8 * latticeAt(offsetX + u, offsetY + v)) * pitch;
      ys[v * columns + u] = (v - 1 + 0.1 + 0.8 * latticeAt(offsetX + u + 101, offsetY + v + 53)) * pitch;
    }
  }
  const owner = new Int32Array(size * size);
  const border = scratch.plane();
  for (let y = 0; y < size; y++) {
    const row = Math.floor(y / pitch) + 1;
    for (let x = 0; x < size; x++) {
      const column = Math.floor(x / pitch) + 1;
      let best = Infinity;
      let second = Infinity;
      let nearest = 0;
      let other = 0;
      for (let v = Math.max(0, row - 1); v <= Math.min(columns - 1, row + 1); v++) {
        for (let u = Math.max(0, column - 1); u <= Math.min(columns - 1, column + 1); u++) {
          const k = v * columns + u;
          const dx = (xs[k] ?? 0) - x;
          const dy = (ys[k] ?? 0) - y;
          const d = dx * dx + dy * dy;
          if (d < best) {
            second = best;
            other = nearest;
            best = d;
            nearest = k;
          } else if (d < second) {
            second = d;
            other = k;
          }
        }
      }
      const i = y * size + x;
      owner[i] = nearest;
      // To the line halfway between the two points, along the line that joins them.
      const apart = Math.hypot((xs[nearest] ?? 0) - (xs[other] ?? 0), (ys[nearest] ?? 0) - (ys[other] ?? 0));
      border[i] = (second - best) / (2 * Math.max(apart, 1e-6));
    }
  }
  return { owner, border, columns, count: columns * columns };
}
