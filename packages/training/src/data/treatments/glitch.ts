import { z } from "zod";
import { BLACK, mixed } from "../pixels/colour.ts";
import { halo } from "../pixels/halo.ts";
import { inkFor } from "../pixels/ink.ts";
import { latticeAt } from "../pixels/noise.ts";
import { colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, lay } from "../pixels/picture.ts";
import type { Plane } from "../pixels/scratch.ts";
import { below, between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** A broken screen: bands that slipped sideways, colours that parted, dark scan lines. */
export const glitch = treatment({
  params: z.object({ ground: colourSchema, part: z.number(), slip: z.number(), scan: z.number(), tear: z.int() }),
  draw: (random) => ({
    ground: drawColour(random, ["navy", "charcoal", "purple", "indigo", "silver", "teal", "magenta", "grey"]),
    part: between(random, 1.4, 2.4),
    slip: between(random, 2, 4),
    scan: between(random, 0.14, 0.24),
    tear: below(random, 1 << 16),
  }),
  words: ({ ground }) => [`glitch picture on ${ground.name}`, "glitch with split colours", "broken screen glitch"],
  ink: ({ ground }) => inkFor(ground.rgb),
  paint(figure, { ground, part, slip, scan, tear }, scratch) {
    const { size, unit } = scratch;
    const base = mixed(ground.rgb, BLACK, 0.2);
    const canvas = flat(base, scratch);
    halo(canvas, base, figure.a, 0.8, scratch);
    lay(figure, canvas);
    const out = { r: scratch.plane(), g: scratch.plane(), b: scratch.plane() };
    const apart = Math.round(part * unit);
    const dark = 1 - scan;
    for (let y = 0; y < size; y++) {
      const band = Math.floor(y / (3 * unit));
      const chance = latticeAt(tear + band, tear >> 8);
      // Three bands in ten slip, by up to `slip` units either way.
      const shift = chance < 0.3 ? Math.round((chance / 0.15 - 1) * slip * unit) : 0;
      const line = Math.floor(y / unit) % 2 === 0 ? 1 : dark;
      slide(canvas.r, out.r, y, size, shift + apart, line);
      slide(canvas.g, out.g, y, size, shift, line);
      slide(canvas.b, out.b, y, size, shift - apart, line);
    }
    return out;
  },
});

function slide(from: Plane, to: Plane, y: number, size: number, shift: number, scale: number): void {
  const row = y * size;
  for (let x = 0; x < size; x++) to[row + x] = (from[row + Math.min(size - 1, Math.max(0, x - shift))] ?? 0) * scale;
}
