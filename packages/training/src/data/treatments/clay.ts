import { z } from "zod";
import { blurred } from "../pixels/blur.ts";
import { BLACK, mixed } from "../pixels/colour.ts";
import { distanceInside } from "../pixels/distance.ts";
import { halo } from "../pixels/halo.ts";
import { moved } from "../pixels/layers.ts";
import { BRIGHTS, PAPERS, colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, lay, tint, type Figure } from "../pixels/picture.ts";
import { between } from "../random.ts";
import { withArticle } from "../words.ts";
import { treatment } from "./treatment.ts";

/** The figure as a soft swollen body with a highlight, standing off a pale wall. */
export const clay = treatment({
  params: z.object({ wall: colourSchema, lump: colourSchema, swell: z.number(), gloss: z.number() }),
  draw: (random) => ({
    wall: drawColour(random, PAPERS),
    lump: drawColour(random, [...BRIGHTS, "maroon", "navy", "brown"]),
    swell: between(random, 4.5, 7),
    gloss: between(random, 0.25, 0.5),
  }),
  words: ({ wall }) => [`clay figure on ${withArticle(wall.name)} background`, "soft clay figure", "puffy clay"],
  ink: ({ lump }) => lump.rgb,
  paint(figure, { wall, swell, gloss }, scratch) {
    const { size, unit } = scratch;
    const canvas = flat(wall.rgb, scratch);
    halo(canvas, wall.rgb, figure.a, 0.4, scratch);
    const shadow = moved(blurred(figure.a, 2.2 * unit, scratch), Math.round(unit), Math.round(1.6 * unit), 0, scratch);
    tint(canvas, mixed(wall.rgb, BLACK, 0.75), shadow, 0.7);

    const inside = distanceInside(figure.a, scratch);
    const dome = scratch.plane();
    const reach = swell * unit;
    for (let i = 0; i < dome.length; i++) {
      const t = 1 - Math.min(1, (inside[i] ?? 0) / reach);
      dome[i] = Math.sqrt(1 - t * t);
    }
    const body = blurred(dome, 0.9 * unit, scratch);
    const smooth: Figure = { r: blurred(figure.r, 0.4 * unit, scratch), g: blurred(figure.g, 0.4 * unit, scratch), b: blurred(figure.b, 0.4 * unit, scratch), a: blurred(figure.a, 0.4 * unit, scratch) };
    const step = Math.max(1, Math.round(unit));
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const i = y * size + x;
        const gx = (body[y * size + Math.min(size - 1, x + step)] ?? 0) - (body[y * size + Math.max(0, x - step)] ?? 0);
        const gy = (body[Math.min(size - 1, y + step) * size + x] ?? 0) - (body[Math.max(0, y - step) * size + x] ?? 0);
        // Light from the upper left: slopes that rise to the right and down face it.
        const facing = (gx + gy * 1.2) * 0.9;
        const shade = 1 + Math.max(-0.5, Math.min(0.28, facing));
        const spark = gloss * Math.max(0, Math.min(1, facing * 2.2 - 0.25));
        const cover = figure.a[i] ?? 0;
        const over = cover / Math.max(0.05, smooth.a[i] ?? 0);
        const lit = (value: number) => {
          const matt = Math.min(1, (0.05 * cover + 0.93 * value * over) * shade);
          return matt + (cover - matt) * spark;
        };
        figure.r[i] = Math.min(cover, lit(smooth.r[i] ?? 0));
        figure.g[i] = Math.min(cover, lit(smooth.g[i] ?? 0));
        figure.b[i] = Math.min(cover, lit(smooth.b[i] ?? 0));
      }
    }
    lay(figure, canvas);
    return canvas;
  },
});
