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
  const step = Math.max(1, Math.round(scratch.unit));
  const channels = [figure.r, figure.g, figure.b, figure.a];
  out.fill(0);
  for (const channel of channels) {
    for (let y = 0; y < size; y++) {
      const row = y * size;
      const down = Math.min(size - 1, y + step) * size;
      for (let x = 0; x < size; x++) {
        const right = x + step >= size ? size - 1 : x + step;
        const here = channel[row + x] ?? 0;
        const dx = (channel[row + right] ?? 0) - here;
        const dy = (channel[down + x] ?? 0) - here;
        const square = dx * dx + dy * dy;
        const i = row + x;
        if (square > (out[i] ?? 0)) out[i] = square;
      }
    }
  }
  for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(out[i] ?? 0);
  return out;
}
