import { z } from "zod";
import { rgbFromLch } from "../pixels/colour.ts";
import { blurred } from "../pixels/blur.ts";
import { linesOf, rimOf } from "../pixels/layers.ts";
import { brightness } from "../pixels/picture.ts";
import { toned } from "../pixels/tones.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** The figure as a bright body in the dark, lights and shades exchanged, its borders brightest. */
export const xRay = treatment({
  params: z.object({ hue: z.number(), body: z.number() }),
  draw: (random) => ({ hue: between(random, 195, 245), body: between(random, 0.24, 0.34) }),
  words: () => ["x ray picture", "x ray film", "glowing x ray"],
  paint(figure, { hue, body }, scratch) {
    const tone = brightness(figure, 0, scratch);
    const rim = rimOf(figure.a, 2.2 * scratch.unit, scratch);
    const lines = linesOf(figure, 0.12, scratch);
    const mist = blurred(figure.a, 3.5 * scratch.unit, scratch);
    for (let i = 0; i < tone.length; i++) {
      const cover = figure.a[i] ?? 0;
      const shade = cover - (tone[i] ?? 0);
      tone[i] = 0.06 + 0.14 * (mist[i] ?? 0) + cover * body + 0.2 * shade + 0.35 * (rim[i] ?? 0) + 0.3 * cover * (lines[i] ?? 0);
    }
    return toned(tone, [[0.1, 0.03], [0.34, 0.07], [0.62, 0.09], [0.86, 0.06], [0.99, 0.01]].map(([l = 0, c = 0]) => rgbFromLch([l, c, hue])), scratch);
  },
});
