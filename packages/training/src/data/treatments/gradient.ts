import { z } from "zod";
import { mixed } from "../pixels/colour.ts";
import { halo } from "../pixels/halo.ts";
import { inkFor } from "../pixels/ink.ts";
import { drawRamp, rampSchema } from "../pixels/ramps.ts";
import { lay, ramp } from "../pixels/picture.ts";
import { between } from "../random.ts";
import { withArticle } from "../words.ts";
import { treatment } from "./treatment.ts";

/** The figure on a ground that runs from one colour to another. */
export const gradient = treatment({
  params: z.object({ ramp: rampSchema, angle: z.number(), halo: z.number() }),
  draw: (random) => ({
    ramp: drawRamp(random),
    angle: Math.PI / 2 + between(random, -0.8, 0.8),
    halo: between(random, 0.45, 0.65),
  }),
  words: ({ ramp: { name } }) => [`on ${withArticle(name)} gradient`, `${name} gradient background`],
  ink: ({ ramp: { from, to } }) => inkFor(mixed(from, to, 0.5)),
  paint(figure, { ramp: { from, to }, angle, halo: strength }, scratch) {
    const canvas = ramp(from, to, angle, scratch);
    halo(canvas, mixed(from, to, 0.5), figure.a, strength, scratch);
    lay(figure, canvas);
    return canvas;
  },
});
