import type { Plane, Scratch } from "./scratch.ts";

/** The plane pulled about by two planes of 0 .. 1 around .5, at most half of `reach` pixels each way; bilinear, 0 outside. */
export function warped(plane: Plane, across: Plane, down: Plane, reach: number, scratch: Scratch): Plane {
  const out = scratch.plane();
  const { size } = scratch;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const i = y * size + x;
      const u = x + ((across[i] ?? 0) - 0.5) * 2 * reach;
      const v = y + ((down[i] ?? 0) - 0.5) * 2 * reach;
      const u0 = Math.floor(u);
      const v0 = Math.floor(v);
      if (u0 < 0 || v0 < 0 || u0 >= size - 1 || v0 >= size - 1) {
        out[i] = 0;
        continue;
      }
      const j = v0 * size + u0;
      const fu = u - u0;
      const top = (plane[j] ?? 0) * (1 - fu) + (plane[j + 1] ?? 0) * fu;
      const bottom = (plane[j + size] ?? 0) * (1 - fu) + (plane[j + size + 1] ?? 0) * fu;
      out[i] = top + (bottom - top) * (v - v0);
    }
  }
  return out;
}
