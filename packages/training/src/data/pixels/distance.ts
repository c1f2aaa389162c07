import type { Plane, Scratch } from "./scratch.ts";

/** Farther than any picture is wide; not an integer to V8, so that it mixes with distances at no cost. */
const FAR = 1e38;

/**
 * Distance in pixels from each pixel to the nearest one with cover over one half, 0 inside: a two-pass chamfer distance
 * (steps 1 and sqrt 2) that starts from the fractional cover at the rim, so that outlines made of it are smooth.
 */
export function distanceOutside(cover: Plane, scratch: Scratch): Plane {
  return chamfer(cover, scratch, (value) => (value > 0.02 ? Math.max(0, 0.5 - value) : FAR));
}

/** Distance in pixels from each pixel inside the figure to the nearest one outside it, 0 outside; see `distanceOutside`. */
export function distanceInside(cover: Plane, scratch: Scratch): Plane {
  return chamfer(cover, scratch, (value) => (value < 0.98 ? Math.max(0, value - 0.5) : FAR));
}

function chamfer(cover: Plane, scratch: Scratch, start: (value: number) => number): Plane {
  const { size } = scratch;
  const out = scratch.plane();
  const count = size * size;
  for (let i = 0; i < count; i++) out[i] = start(cover[i] ?? 0);
  const last = size - 1;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const i = y * size + x;
      let best = out[i] ?? 0;
      if (best === 0) continue;
      if (x > 0) best = Math.min(best, (out[i - 1] ?? 0) + 1);
      if (y > 0) {
        best = Math.min(best, (out[i - size] ?? 0) + 1);
        if (x > 0) best = Math.min(best, (out[i - size - 1] ?? 0) + Math.SQRT2);
        if (x < last) best = Math.min(best, (out[i - size + 1] ?? 0) + Math.SQRT2);
      }
      out[i] = best;
    }
  }
  for (let y = last; y >= 0; y--) {
    for (let x = last; x >= 0; x--) {
      const i = y * size + x;
      let best = out[i] ?? 0;
      if (best === 0) continue;
      if (x < last) best = Math.min(best, (out[i + 1] ?? 0) + 1);
      if (y < last) {
        best = Math.min(best, (out[i + size] ?? 0) + 1);
        if (x < last) best = Math.min(best, (out[i + size + 1] ?? 0) + Math.SQRT2);
        if (x > 0) best = Math.min(best, (out[i + size - 1] ?? 0) + Math.SQRT2);
      }
      out[i] = best;
    }
  }
  return out;
}
