import { z } from "zod";
import { rgbFromLch } from "../pixels/colour.ts";
import { blurred } from "../pixels/blur.ts";
import { cutOut, glow } from "../pixels/layers.ts";
import { latticeAt } from "../pixels/noise.ts";
import { brightness, lay, ramp } from "../pixels/picture.ts";
import { toned } from "../pixels/tones.ts";
import { below, between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** The figure in cold light with a bright rim at its upper left, before a starry sky. */
export const moonlight = treatment({
  params: z.object({ hue: z.number(), rim: z.number(), sky: z.int() }),
  draw: (random) => ({ hue: between(random, 235, 285), rim: between(random, 0.55, 0.85), sky: below(random, 1 << 16) }),
  words: () => ["at night under the stars", "by moonlight", "night scene"],
  paint(figure, { hue, rim, sky }, scratch) {
    const { size, unit } = scratch;
    const canvas = ramp(rgbFromLch([0.17, 0.06, hue]), rgbFromLch([0.33, 0.11, hue + 8]), Math.PI / 2, scratch);
    glow(canvas, [1, 1, 0.9], stars(sky, size, unit, scratch.plane()), 1);

    const tone = brightness(figure, 0, scratch);
    const soft = blurred(figure.a, 1.6 * unit, scratch);
    const step = Math.round(1.5 * unit);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const i = y * size + x;
        const lit = (soft[i] ?? 0) - (soft[Math.max(0, y - step) * size + Math.max(0, x - step)] ?? 0);
        tone[i] = 0.3 + 0.5 * (tone[i] ?? 0) + Math.max(0, lit) * rim + 0.12 * (1 - (soft[i] ?? 0));
      }
    }
    const cold = toned(tone, [[0.24, 0.1], [0.42, 0.13], [0.66, 0.1], [0.86, 0.06], [0.98, 0.02]].map(([l = 0, c = 0]) => rgbFromLch([l, c, hue - 12])), scratch);
    glow(canvas, rgbFromLch([0.7, 0.1, hue - 15]), blurred(figure.a, 3 * unit, scratch), 0.3);
    lay(cutOut(cold, figure.a), canvas);
    return canvas;
  },
});

/** One star in every seventh or so cell of a grid of 5 units, each a single lit spot. */
function stars(sky: number, size: number, unit: number, out: Float32Array): Float32Array {
  out.fill(0);
  const pitch = 5 * unit;
  const cells = Math.ceil(size / pitch);
  for (let v = 0; v < cells; v++) {
    for (let u = 0; u < cells; u++) {
      const chance = latticeAt(sky + u, (sky >> 8) + v);
      if (chance > 0.16) continue;
      const x = Math.floor((u + latticeAt(sky + u + 31, v)) * pitch);
      const y = Math.floor((v + latticeAt(u, sky + v + 57)) * pitch);
      const side = Math.round(unit);
      for (let b = 0; b < side; b++) for (let a = 0; a < side; a++) if (x + a < size && y + b < size) out[(y + b) * size + x + a] = 0.35 + chance * 4;
    }
  }
  return out;
}
