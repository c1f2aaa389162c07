import { z } from "zod";
import { rgbFromLch } from "../pixels/colour.ts";
import { cutOut, rimOf } from "../pixels/layers.ts";
import { noise } from "../pixels/noise.ts";
import { brightness, lay, tint } from "../pixels/picture.ts";
import { halo } from "../pixels/halo.ts";
import { flat } from "../pixels/picture.ts";
import { toned } from "../pixels/tones.ts";
import { between } from "../random.ts";
import { grainSchema, drawGrain } from "../pixels/grain.ts";
import { treatment } from "./treatment.ts";

/** The figure as a brown photograph on stained paper, corners dark. */
export const sepia = treatment({
  params: z.object({ hue: z.number(), age: z.number(), grain: grainSchema }),
  draw: (random) => ({ hue: between(random, 58, 82), age: between(random, 0.5, 0.9), grain: drawGrain(random) }),
  words: () => ["sepia photograph", "old sepia photo on aged paper", "aged brown photograph"],
  paint(figure, { hue, age, grain }, scratch) {
    const { size } = scratch;
    const paper = rgbFromLch([0.84, 0.07, hue + 8]);
    const dark = rgbFromLch([0.26, 0.06, hue - 15]);
    const canvas = flat(paper, scratch);
    halo(canvas, paper, figure.a, 0.55, scratch);
    const tone = brightness(figure, 1, scratch);
    for (let i = 0; i < tone.length; i++) tone[i] = 0.06 + 0.86 * (tone[i] ?? 0);
    const print = toned(tone, [dark, rgbFromLch([0.5, 0.08, hue - 10]), rgbFromLch([0.72, 0.085, hue]), rgbFromLch([0.93, 0.05, hue + 10])], scratch);
    tint(print, dark, rimOf(figure.a, scratch.unit, scratch), 0.5);
    lay(cutOut(print, figure.a), canvas);

    const stains = noise(6, grain, scratch);
    const fibres = noise(64, grain, scratch);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const i = y * size + x;
        const u = (2 * (x + 0.5)) / size - 1;
        const v = (2 * (y + 0.5)) / size - 1;
        const corner = Math.max(0, u * u + v * v - 0.75) * 0.55;
        stains[i] = age * (corner + 0.16 * Math.max(0, (stains[i] ?? 0) - 0.45) + 0.12 * ((fibres[i] ?? 0) - 0.5));
      }
    }
    tint(canvas, dark, stains, 1);
    return canvas;
  },
});
