import { z } from "zod";
import { drawGrain, grainSchema } from "../pixels/grain.ts";
import { linesOf } from "../pixels/layers.ts";
import { noise } from "../pixels/noise.ts";
import { PAPERS, colourSchema, drawColour } from "../pixels/palette.ts";
import { brightness, flat, smoothstep, tint } from "../pixels/picture.ts";
import { wave } from "../pixels/wave.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** A block print: ink or bare paper, light parts carved in wavering grooves. */
export const linocut = treatment({
  params: z.object({ ink: colourSchema, paper: colourSchema, pitch: z.number(), angle: z.number(), grain: grainSchema }),
  draw: (random) => ({
    ink: drawColour(random, ["black", "navy", "red", "forest green", "maroon", "teal", "indigo", "brown"]),
    paper: drawColour(random, PAPERS),
    pitch: between(random, 3.4, 4.4),
    angle: between(random, 1.2, 1.9),
    grain: drawGrain(random),
  }),
  words: ({ ink, paper }) => [`linocut print in ${ink.name} on ${paper.name} paper`, `${ink.name} linocut`, `linocut on ${paper.name} paper`, "linocut print"],
  paint(figure, { ink, paper, pitch, angle, grain }, scratch) {
    const { size, unit } = scratch;
    const canvas = flat(paper.rgb, scratch);
    const tone = brightness(figure, 0.5, scratch);
    const wobble = noise(9, grain, scratch);
    const lines = linesOf(figure, 0.14, scratch);
    const dx = Math.cos(angle) / (pitch * unit);
    const dy = Math.sin(angle) / (pitch * unit);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const i = y * size + x;
        const groove = wave(x * dx + y * dy + 0.9 * (wobble[i] ?? 0));
        const left = 1 - smoothstep(-0.2, 0.2, (tone[i] ?? 0) * 1.25 - 0.28 - 0.75 * groove);
        lines[i] = Math.max((figure.a[i] ?? 0) * left, lines[i] ?? 0);
      }
    }
    tint(canvas, ink.rgb, lines, 1);
    return canvas;
  },
});
