import type { Canvas } from "./picture.ts";
import type { Plane, Scratch } from "./scratch.ts";

/**
 * Paints each pixel with the mean colour of the calmest of four windows of side `reach + 1` that touch it: flat patches with
 * sharp borders (M. Kuwahara et al., 1976).
 */
export function smoothed(canvas: Canvas, reach: number, scratch: Scratch): Canvas {
  const { size } = scratch;
  const luma = scratch.plane();
  const square = scratch.plane();
  for (let i = 0; i < luma.length; i++) {
    const value = 0.299 * (canvas.r[i] ?? 0) + 0.587 * (canvas.g[i] ?? 0) + 0.114 * (canvas.b[i] ?? 0);
    luma[i] = value;
    square[i] = value * value;
  }
  const mean = (plane: Plane) => windowMeans(plane, reach, scratch);
  const means = { r: mean(canvas.r), g: mean(canvas.g), b: mean(canvas.b) };
  const lumaMean = mean(luma);
  const variance = mean(square);
  for (let i = 0; i < variance.length; i++) variance[i] = (variance[i] ?? 0) - (lumaMean[i] ?? 0) ** 2;

  const out = { r: scratch.plane(), g: scratch.plane(), b: scratch.plane() };
  for (let y = 0; y < size; y++) {
    const up = Math.max(0, y - reach) * size;
    for (let x = 0; x < size; x++) {
      const left = Math.max(0, x - reach);
      const i = y * size + x;
      // windowMeans looks right and down, so the four windows that touch the pixel start here:
      let best = i;
      if ((variance[y * size + left] ?? 0) < (variance[best] ?? 0)) best = y * size + left;
      if ((variance[up + x] ?? 0) < (variance[best] ?? 0)) best = up + x;
      if ((variance[up + left] ?? 0) < (variance[best] ?? 0)) best = up + left;
      out.r[i] = means.r[best] ?? 0;
      out.g[i] = means.g[best] ?? 0;
      out.b[i] = means.b[best] ?? 0;
    }
  }
  return out;
}

/** Mean over the window that starts at each pixel and reaches right and down; cut off at the border. */
function windowMeans(plane: Plane, reach: number, scratch: Scratch): Plane {
  const { size } = scratch;
  const across = scratch.plane();
  const out = scratch.plane();
  const share = 1 / (reach + 1);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let sum = 0;
      for (let k = 0; k <= reach; k++) sum += plane[y * size + Math.min(size - 1, x + k)] ?? 0;
      across[y * size + x] = sum * share;
    }
  }
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let sum = 0;
      for (let k = 0; k <= reach; k++) sum += across[Math.min(size - 1, y + k) * size + x] ?? 0;
      out[y * size + x] = sum * share;
    }
  }
  return out;
}
