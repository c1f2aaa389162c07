import { z } from "zod";
import { drawGrain, grainSchema } from "../pixels/grain.ts";
import { linesOf } from "../pixels/layers.ts";
import { noise } from "../pixels/noise.ts";
import { colourSchema, drawColour } from "../pixels/palette.ts";
import { brightness, flat, tint } from "../pixels/picture.ts";
import { wave } from "../pixels/wave.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** Soft grey shading and lines on rough paper. */
export const pencil = treatment({
  params: z.object({ paper: colourSchema, angle: z.number(), pressure: z.number(), grain: grainSchema }),
  draw: (random) => ({
    paper: drawColour(random, ["white", "cream", "white", "silver"]),
    angle: between(random, -1, -0.6),
    pressure: between(random, 0.7, 0.95),
    grain: drawGrain(random),
  }),
  words: ({ paper }) => [`pencil sketch on ${paper.name} paper`, "pencil sketch", "graphite pencil drawing"],
  paint(figure, { paper, angle, pressure, grain }, scratch) {
    const { size, unit } = scratch;
    const canvas = flat(paper.rgb, scratch);
    const tone = brightness(figure, 1, scratch);
    const tooth = noise(60, grain, scratch);
    const lines = linesOf(figure, 0.08, scratch);
    const dx = Math.cos(angle) / (2.6 * unit);
    const dy = Math.sin(angle) / (2.6 * unit);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const i = y * size + x;
        const dark = 1 - (tone[i] ?? 0);
        const stroke = 0.6 + 0.4 * wave(x * dx + y * dy);
        const shade = (0.06 * (figure.a[i] ?? 0) + pressure * dark * (0.35 + 0.65 * dark) * 1.3 * stroke) * (0.55 + 0.8 * (tooth[i] ?? 0));
        lines[i] = Math.max(shade, (lines[i] ?? 0) * (0.75 + 0.3 * (tooth[i] ?? 0)));
      }
    }
    tint(canvas, [0.2, 0.2, 0.22], lines, 1);
    return canvas;
  },
});
