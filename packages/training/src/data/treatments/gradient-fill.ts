import { z } from "zod";
import { lightnessOf } from "../pixels/colour.ts";
import { halo } from "../pixels/halo.ts";
import { cutOut } from "../pixels/layers.ts";
import { colourSchema, drawColour } from "../pixels/palette.ts";
import { brightness, flat, lay, ramp } from "../pixels/picture.ts";
import { drawRamp, rampSchema } from "../pixels/ramps.ts";
import { between } from "../random.ts";
import { withArticle } from "../words.ts";
import { treatment } from "./treatment.ts";

/** The figure filled with a run of two colours that its own lights and shades shape, on a quiet ground. */
export const gradientFill = treatment({
  params: z.object({ ramp: rampSchema, angle: z.number(), ground: colourSchema, depth: z.number() }),
  draw: (random) => ({
    ramp: drawRamp(random, ["sunset", "ocean", "forest", "fire", "aurora", "berry"]),
    angle: between(random, 0.3, 1.3),
    ground: drawColour(random, ["white", "cream", "black", "charcoal", "white"]),
    depth: between(random, 0.5, 0.7),
  }),
  words: ({ ramp: { name }, ground }) => [`filled with ${withArticle(name)} gradient on ${ground.name}`, `filled with ${withArticle(name)} gradient`],
  paint(figure, { ramp: { from, to }, angle, ground, depth }, scratch) {
    const dark = lightnessOf(ground.rgb) < 0.5;
    const middle = dark ? 0.4 : 0.65;
    const shadeDepth = depth * (dark ? 0.3 : 1);
    const lightDepth = depth * (dark ? 0.9 : 0.5);
    const fill = ramp(from, to, angle, scratch);
    const tone = brightness(figure, 0.5, scratch);
    for (let i = 0; i < tone.length; i++) {
      // Lights and shades move around the run of colour; on a dark ground, shades stay clear of it.
      const t = (tone[i] ?? 0) - middle;
      const shade = 1 + Math.min(0, t) * shadeDepth;
      const light = Math.max(0, t) * lightDepth;
      fill.r[i] = (fill.r[i] ?? 0) * shade * (1 - light) + light;
      fill.g[i] = (fill.g[i] ?? 0) * shade * (1 - light) + light;
      fill.b[i] = (fill.b[i] ?? 0) * shade * (1 - light) + light;
    }
    const canvas = flat(ground.rgb, scratch);
    halo(canvas, ground.rgb, figure.a, dark ? 0.16 : 0.35, scratch);
    lay(cutOut(fill, figure.a), canvas);
    return canvas;
  },
});
