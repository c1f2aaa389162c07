import { z } from "zod";
import { blurred } from "../pixels/blur.ts";
import { rgbFromLch } from "../pixels/colour.ts";
import { brightness } from "../pixels/picture.ts";
import { toned } from "../pixels/tones.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** The figure as a heat camera shows it: cold violet ground, warm rim, hot middle. */
export const thermal = treatment({
  params: z.object({ hue: z.number(), heat: z.number() }),
  draw: (random) => ({ hue: between(random, -12, 12), heat: between(random, 0.3, 0.42) }),
  words: () => ["thermal camera picture", "heat map colours", "thermal image"],
  paint(figure, { hue, heat }, scratch) {
    const tone = brightness(figure, 0, scratch);
    const near = blurred(figure.a, 1.2 * scratch.unit, scratch);
    const wide = blurred(figure.a, 5 * scratch.unit, scratch);
    for (let i = 0; i < tone.length; i++) {
      const cover = 0.5 * (figure.a[i] ?? 0) + 0.5 * (near[i] ?? 0);
      tone[i] = 0.1 * (wide[i] ?? 0) + cover * (0.22 + heat * (wide[i] ?? 0)) + 0.38 * (tone[i] ?? 0);
    }
    const stops = [[0.15, 0.07, 290], [0.3, 0.16, 300], [0.46, 0.2, 340], [0.62, 0.21, 25], [0.76, 0.17, 55], [0.9, 0.16, 95], [0.99, 0.04, 100]] as const;
    return toned(tone, stops.map(([l, c, h]) => rgbFromLch([l, c, h + hue])), scratch);
  },
});
