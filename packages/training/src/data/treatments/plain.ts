import { z } from "zod";
import { halo } from "../pixels/halo.ts";
import { inkFor } from "../pixels/ink.ts";
import { GROUNDS, colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, lay } from "../pixels/picture.ts";
import { between } from "../random.ts";
import { withArticle } from "../words.ts";
import { treatment } from "./treatment.ts";

/** The figure as its hand drew it, on one colour: the treatment that changes nothing. */
export const plain = treatment({
  params: z.object({ ground: colourSchema, halo: z.number() }),
  draw: (random) => ({ ground: drawColour(random, GROUNDS), halo: between(random, 0.42, 0.6) }),
  words: ({ ground }) => [`on ${withArticle(ground.name)} background`, `${ground.name} background`, `on ${ground.name}`],
  ink: ({ ground }) => inkFor(ground.rgb),
  paint(figure, { ground, halo: strength }, scratch) {
    const canvas = flat(ground.rgb, scratch);
    halo(canvas, ground.rgb, figure.a, strength, scratch);
    lay(figure, canvas);
    return canvas;
  },
});
