import { z } from "zod";
import { BLACK, mixed } from "../pixels/colour.ts";
import { BRIGHTS, colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, lay, tint } from "../pixels/picture.ts";
import { between } from "../random.ts";
import { withArticle } from "../words.ts";
import { halo } from "../pixels/halo.ts";
import { inkFor } from "../pixels/ink.ts";
import { treatment } from "./treatment.ts";

/** The figure on a strong colour with a flat shadow that runs off to the lower right. */
export const longShadow = treatment({
  params: z.object({ ground: colourSchema, depth: z.number(), fade: z.number() }),
  draw: (random) => ({ ground: drawColour(random, BRIGHTS), depth: between(random, 0.42, 0.6), fade: between(random, 0.972, 0.99) }),
  words: ({ ground }) => [`with a long shadow on ${withArticle(ground.name)} background`, `long shadow on ${ground.name}`, "with a long shadow"],
  ink: ({ ground }) => inkFor(ground.rgb),
  paint(figure, { ground, depth, fade }, scratch) {
    const canvas = flat(ground.rgb, scratch);
    halo(canvas, ground.rgb, figure.a, 0.55, scratch);
    const shadow = scratch.plane();
    const { size } = scratch;
    const keep = fade ** (1 / scratch.unit);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const i = y * size + x;
        const before = x > 0 && y > 0 ? (shadow[i - size - 1] ?? 0) * keep : 0;
        shadow[i] = Math.max(figure.a[i] ?? 0, before);
      }
    }
    tint(canvas, mixed(ground.rgb, BLACK, 0.8), shadow, depth);
    lay(figure, canvas);
    return canvas;
  },
});
