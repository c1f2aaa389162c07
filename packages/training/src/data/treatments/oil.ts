import { z } from "zod";
import { drawGrain, grainSchema } from "../pixels/grain.ts";
import { halo } from "../pixels/halo.ts";
import { inkFor } from "../pixels/ink.ts";
import { smoothed } from "../pixels/kuwahara.ts";
import { streaks } from "../pixels/noise.ts";
import { BLACK, WHITE, mixed } from "../pixels/colour.ts";
import { BRIGHTS, colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, lay, tint } from "../pixels/picture.ts";
import { between } from "../random.ts";
import { withArticle } from "../words.ts";
import { treatment } from "./treatment.ts";

/** Thick paint: blunt patches of colour with ridges that catch the light, on a brushed ground. */
export const oil = treatment({
  params: z.object({ ground: colourSchema, angle: z.number(), relief: z.number(), grain: grainSchema }),
  draw: (random) => ({
    ground: drawColour(random, [...BRIGHTS, "tan", "sky blue", "lavender", "maroon", "navy", "forest green"]),
    angle: between(random, 0.4, 1.2),
    relief: between(random, 0.1, 0.17),
    grain: drawGrain(random),
  }),
  words: ({ ground }) => [`oil painting on ${withArticle(ground.name)} background`, "oil painting", "thick oil paint"],
  ink: ({ ground }) => inkFor(ground.rgb),
  paint(figure, { ground, angle, relief, grain }, scratch) {
    const { size, unit } = scratch;
    const canvas = flat(ground.rgb, scratch);
    const strokes = streaks(6, 21, angle, grain, scratch);
    tint(canvas, mixed(ground.rgb, BLACK, 0.5), strokes, 0.42);
    tint(canvas, mixed(ground.rgb, WHITE, 0.6), streaks(7, 24, angle + 0.3, { x: grain.y, y: grain.x }, scratch), 0.42);
    halo(canvas, ground.rgb, figure.a, 0.8, scratch);
    lay(figure, canvas);

    const paint = smoothed(canvas, Math.max(1, Math.round(unit)), scratch);
    // Ridges of paint run along the strokes and catch light from the upper left.
    const ridges = streaks(9, 44, angle + 0.15, grain, scratch);
    const step = Math.max(1, Math.round(unit));
    for (let y = 0; y < size; y++) {
      const above = Math.max(0, y - step) * size;
      for (let x = 0; x < size; x++) {
        const i = y * size + x;
        const light = relief * ((ridges[i] ?? 0) - (ridges[above + Math.max(0, x - step)] ?? 0));
        paint.r[i] = Math.min(1, Math.max(0, (paint.r[i] ?? 0) + light));
        paint.g[i] = Math.min(1, Math.max(0, (paint.g[i] ?? 0) + light));
        paint.b[i] = Math.min(1, Math.max(0, (paint.b[i] ?? 0) + light));
      }
    }
    return paint;
  },
});
