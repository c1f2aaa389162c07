import { z } from "zod";
import { drawGrain, grainSchema } from "../pixels/grain.ts";
import { halo } from "../pixels/halo.ts";
import { inkFor } from "../pixels/ink.ts";
import { smoothed } from "../pixels/kuwahara.ts";
import { noise } from "../pixels/noise.ts";
import { BLACK, WHITE, mixed } from "../pixels/colour.ts";
import { BRIGHTS, colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, lay, tint } from "../pixels/picture.ts";
import { warped } from "../pixels/warp.ts";
import { between } from "../random.ts";
import { withArticle } from "../words.ts";
import { treatment } from "./treatment.ts";

/** Thick paint: blunt patches of colour with ridges that catch the light, on a brushed ground. */
export const oil = treatment({
  params: z.object({ ground: colourSchema, brush: z.number(), relief: z.number(), grain: grainSchema }),
  draw: (random) => ({
    ground: drawColour(random, [...BRIGHTS, "tan", "sky blue", "lavender", "maroon", "navy", "forest green"]),
    brush: between(random, 1.8, 2.6),
    relief: between(random, 0.35, 0.6),
    grain: drawGrain(random),
  }),
  words: ({ ground }) => [`oil painting on ${withArticle(ground.name)} background`, "oil painting", "thick oil paint"],
  ink: ({ ground }) => inkFor(ground.rgb),
  paint(figure, { ground, brush, relief, grain }, scratch) {
    const { size, unit } = scratch;
    const canvas = flat(ground.rgb, scratch);
    const strokes = noise(14, grain, scratch);
    tint(canvas, mixed(ground.rgb, BLACK, 0.5), strokes, 0.45);
    tint(canvas, mixed(ground.rgb, WHITE, 0.6), noise(17, { x: grain.y, y: grain.x }, scratch), 0.4);
    halo(canvas, ground.rgb, figure.a, 0.6, scratch);
    lay(figure, canvas);

    const across = noise(20, grain, scratch);
    const wet = {
      r: warped(canvas.r, across, strokes, 1.1 * unit, scratch),
      g: warped(canvas.g, across, strokes, 1.1 * unit, scratch),
      b: warped(canvas.b, across, strokes, 1.1 * unit, scratch),
    };
    // The frame's last pixel has nothing to be pulled from.
    for (const [from, to] of [[canvas.r, wet.r], [canvas.g, wet.g], [canvas.b, wet.b]] as const) {
      for (let i = 0; i < size; i++) {
        for (const j of [i, (size - 1) * size + i, i * size, i * size + size - 1]) to[j] = from[j] ?? 0;
      }
    }
    const paint = smoothed(wet, Math.max(1, Math.round(brush * unit * 0.5)), scratch);
    const ridges = noise(40, grain, scratch);
    const step = Math.max(1, Math.round(unit));
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const i = y * size + x;
        const j = Math.max(0, y - step) * size + Math.max(0, x - step);
        const slope = (ridges[i] ?? 0) - (ridges[j] ?? 0);
        const light = relief * 0.35 * slope;
        paint.r[i] = Math.min(1, Math.max(0, (paint.r[i] ?? 0) + light));
        paint.g[i] = Math.min(1, Math.max(0, (paint.g[i] ?? 0) + light));
        paint.b[i] = Math.min(1, Math.max(0, (paint.b[i] ?? 0) + light));
      }
    }
    return paint;
  },
});
