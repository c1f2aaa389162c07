import type { Figure } from "./picture.ts";
import type { Plane, Scratch } from "./scratch.ts";

/**
 * How much the figure changes at each pixel, 0 .. about 1.4: the length of the difference to the pixels one unit to the right
 * and below, for the colour channel or cover where it is largest. The rim of the figure counts as fully as a border between
 * black and white. Differences to one side give lines one unit thin, where central ones would give two.
 */
export function edges(figure: Figure, scratch: Scratch): Plane {
  const out = scratch.plane();
  const { size } = scratch;
  const { r, g, b, a } = figure;
  const step = Math.max(1, Math.round(scratch.unit));
  for (let y = 0; y < size; y++) {
    const row = y * size;
    const fall = (Math.min(size - 1, y + step) - y) * size;
    for (let x = 0; x < size; x++) {
      const i = row + x;
      const right = row + Math.min(size - 1, x + step);
      const below = i + fall;
      out[i] = Math.sqrt(
        Math.max(square(r, i, right, below), square(g, i, right, below), square(b, i, right, below), square(a, i, right, below)),
      );
    }
  }
  return out;
}

function square(plane: Plane, i: number, right: number, below: number): number {
  const here = plane[i] ?? 0;
  const dx = (plane[right] ?? 0) - here;
  const dy = (plane[below] ?? 0) - here;
  return dx * dx + dy * dy;
}
