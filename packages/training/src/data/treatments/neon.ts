import { z } from "zod";
import { blurred } from "../pixels/blur.ts";
import { WHITE, mixed } from "../pixels/colour.ts";
import { glow, linesOf } from "../pixels/layers.ts";
import { colourNear, colourSchema, drawColour, type ColourName } from "../pixels/palette.ts";
import { flat, ramp, tint } from "../pixels/picture.ts";
import { between, pick } from "../random.ts";
import { treatment } from "./treatment.ts";

const PAIRS: readonly (readonly [ColourName, ColourName])[] = [
  ["magenta", "turquoise"], ["coral", "gold"], ["lime", "turquoise"], ["pink", "purple"], ["orange", "magenta"], ["turquoise", "blue"], ["gold", "lime"],
];

/** The borders of the figure as glowing tubes of two colours in the dark. */
export const neon = treatment({
  params: z.object({ first: colourSchema, second: colourSchema, wall: colourSchema, angle: z.number(), spread: z.number() }),
  draw: (random) => {
    const [first, second] = pick(random, PAIRS);
    return {
      first: colourNear(random, first),
      second: colourNear(random, second),
      wall: drawColour(random, ["black", "navy", "plum", "black"]),
      angle: between(random, 0.4, 1.8),
      spread: between(random, 1.8, 2.8),
    };
  },
  words: ({ first, second, wall }) => [`neon sign in ${first.name} and ${second.name} on ${wall.name}`, `${first.name} and ${second.name} neon lights`, "neon sign"],
  paint(figure, { first, second, wall, angle, spread }, scratch) {
    const { unit } = scratch;
    const lines = linesOf(figure, 0.13, scratch);
    const near = blurred(lines, spread * unit, scratch);
    const wide = blurred(lines, 2.6 * spread * unit, scratch);
    const canvas = flat(mixed(wall.rgb, [0, 0, 0], 0.45), scratch);
    const light = ramp(first.rgb, second.rgb, angle, scratch);
    for (let i = 0; i < lines.length; i++) {
      const t = 0.85 * (near[i] ?? 0) + 0.5 * (wide[i] ?? 0) + 0.06 * (figure.a[i] ?? 0);
      canvas.r[i] = Math.min(1, (canvas.r[i] ?? 0) + (light.r[i] ?? 0) * t);
      canvas.g[i] = Math.min(1, (canvas.g[i] ?? 0) + (light.g[i] ?? 0) * t);
      canvas.b[i] = Math.min(1, (canvas.b[i] ?? 0) + (light.b[i] ?? 0) * t);
      const core = lines[i] ?? 0;
      canvas.r[i] = (canvas.r[i] ?? 0) * (1 - core) + core * (light.r[i] ?? 0);
      canvas.g[i] = (canvas.g[i] ?? 0) * (1 - core) + core * (light.g[i] ?? 0);
      canvas.b[i] = (canvas.b[i] ?? 0) * (1 - core) + core * (light.b[i] ?? 0);
    }
    const core = blurred(lines, 0.5 * unit, scratch);
    for (let i = 0; i < core.length; i++) core[i] = Math.max(0, (core[i] ?? 0) - 0.55) * 1.6;
    tint(canvas, WHITE, core, 1);
    glow(canvas, WHITE, near, 0.05);
    return canvas;
  },
});
