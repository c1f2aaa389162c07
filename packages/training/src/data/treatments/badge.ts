import { z } from "zod";
import { BLACK, mixed } from "../pixels/colour.ts";
import { halo } from "../pixels/halo.ts";
import { inkFor } from "../pixels/ink.ts";
import { BRIGHTS, PAPERS, colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, lay, tint } from "../pixels/picture.ts";
import { between } from "../random.ts";
import { withArticle } from "../words.ts";
import { treatment } from "./treatment.ts";

/** The figure on a disc of a strong colour, with a ring around it, on paper. */
export const badge = treatment({
  params: z.object({ disc: colourSchema, paper: colourSchema, radius: z.number(), ring: z.number() }),
  draw: (random) => ({
    disc: drawColour(random, BRIGHTS),
    paper: drawColour(random, PAPERS),
    radius: between(random, 26.5, 29.5),
    ring: between(random, 1.2, 2.4),
  }),
  words: ({ disc, paper }) => [
    `in ${withArticle(disc.name)} circle on ${withArticle(paper.name)} background`, `round ${disc.name} badge`, `in ${withArticle(disc.name)} circle`,
  ],
  ink: ({ disc }) => inkFor(disc.rgb),
  paint(figure, { disc, paper, radius, ring }, scratch) {
    const canvas = flat(paper.rgb, scratch);
    const inner = scratch.plane();
    const outer = scratch.plane();
    const { size, unit } = scratch;
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const d = Math.hypot(x + 0.5 - size / 2, y + 0.5 - size / 2);
        inner[y * size + x] = Math.min(1, Math.max(0, radius * unit - d + 0.5));
        outer[y * size + x] = Math.min(1, Math.max(0, (radius + ring) * unit - d + 0.5));
      }
    }
    tint(canvas, mixed(disc.rgb, BLACK, 0.45), outer, 1);
    tint(canvas, disc.rgb, inner, 1);
    halo(canvas, disc.rgb, figure.a, 0.62, scratch);
    lay(figure, canvas);
    return canvas;
  },
});
