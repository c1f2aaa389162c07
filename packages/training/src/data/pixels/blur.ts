import type { Plane, Scratch } from "./scratch.ts";

/**
 * Blurs a plane by a near-Gaussian of standard deviation `sigma` in pixels: two passes of a box with fractional ends along
 * each axis (P. Gwosdek et al., "Theoretical foundations of Gaussian convolution by extended box filtering", 2011).
 * Values beyond the border are those at the border.
 */
export function blurred(plane: Plane, sigma: number, scratch: Scratch): Plane {
  const out = scratch.plane();
  const spare = scratch.plane();
  const { size } = scratch;
  // The variance of a box of half-width w (in pixels, ends included) is w^2 / 3; two passes double it.
  const half = Math.max(0.5, sigma * Math.sqrt(1.5));
  const reach = Math.floor(half - 0.5);
  const end = half - 0.5 - reach;
  boxRows(plane, spare, size, reach, end);
  boxRows(spare, out, size, reach, end);
  boxColumns(out, spare, size, reach, end);
  boxColumns(spare, out, size, reach, end);
  return out;
}

function boxRows(from: Plane, to: Plane, size: number, reach: number, end: number): void {
  const scale = 1 / (2 * reach + 1 + 2 * end);
  const endScale = end * scale;
  // A row with its ends repeated, so that the inner loop needs no test for the border.
  const pad = reach + 1;
  const padded = new Float32Array(size + 2 * pad);
  for (let row = 0; row < size * size; row += size) {
    padded.set(from.subarray(row, row + size), pad);
    padded.fill(from[row] ?? 0, 0, pad);
    padded.fill(from[row + size - 1] ?? 0, pad + size);
    let sum = 0;
    for (let k = 1; k < 2 * pad; k++) sum += padded[k] ?? 0;
    sum *= scale;
    for (let x = 0; x < size; x++) {
      const after = padded[x + 2 * pad] ?? 0;
      to[row + x] = sum + endScale * ((padded[x] ?? 0) + after);
      sum += (after - (padded[x + 1] ?? 0)) * scale;
    }
  }
}

function boxColumns(from: Plane, to: Plane, size: number, reach: number, end: number): void {
  const scale = 1 / (2 * reach + 1 + 2 * end);
  const last = size - 1;
  // Row by row with one running sum per column, kept in the output row before last: memory is walked in order.
  const sums = new Float64Array(size);
  for (let k = -reach; k <= reach; k++) {
    const row = Math.min(last, Math.max(0, k)) * size;
    for (let x = 0; x < size; x++) sums[x] = (sums[x] ?? 0) + (from[row + x] ?? 0);
  }
  for (let y = 0; y < size; y++) {
    const above = Math.max(0, y - reach - 1) * size;
    const below = Math.min(last, y + reach + 1) * size;
    const leaving = Math.max(0, y - reach) * size;
    const row = y * size;
    for (let x = 0; x < size; x++) {
      const sum = sums[x] ?? 0;
      const after = from[below + x] ?? 0;
      to[row + x] = (sum + end * ((from[above + x] ?? 0) + after)) * scale;
      sums[x] = sum + after - (from[leaving + x] ?? 0);
    }
  }
}
