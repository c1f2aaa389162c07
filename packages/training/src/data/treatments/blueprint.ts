import { z } from "zod";
import { rgbFromLch } from "../pixels/colour.ts";
import { linesOf } from "../pixels/layers.ts";
import { flat, tint } from "../pixels/picture.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** White lines on blue paper with a ruled grid. */
export const blueprint = treatment({
  params: z.object({ hue: z.number(), pitch: z.number(), fill: z.number() }),
  draw: (random) => ({ hue: between(random, 248, 264), pitch: between(random, 6.5, 9), fill: between(random, 0.06, 0.14) }),
  words: () => ["blueprint", "white lines on a blueprint", "technical blueprint drawing"],
  paint(figure, { hue, pitch, fill }, scratch) {
    const { size, unit } = scratch;
    const canvas = flat(rgbFromLch([0.42, 0.14, hue]), scratch);
    const lines = linesOf(figure, 0.09, scratch);
    const rules = scratch.plane();
    const step = pitch * unit;
    const rule = (at: number): number => ((at + step * 0.5) % step < unit ? 1 : 0);
    for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) rules[y * size + x] = Math.max(rule(x), rule(y)) * (1 - (figure.a[y * size + x] ?? 0));
    tint(canvas, [0.75, 0.87, 1], rules, 0.22);
    tint(canvas, [0.85, 0.92, 1], figure.a, fill);
    tint(canvas, [0.97, 0.985, 1], lines, 1);
    return canvas;
  },
});
