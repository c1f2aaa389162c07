import { z } from "zod";
import { edges } from "../pixels/edges.ts";
import { rimOf } from "../pixels/layers.ts";
import { INKS, colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, smoothstep, tint } from "../pixels/picture.ts";
import { between } from "../random.ts";
import { withArticle } from "../words.ts";
import { treatment } from "./treatment.ts";

/** The figure's shape in one dark colour on a bright one, its inner borders cut out as fine lines. */
export const silhouette = treatment({
  params: z.object({ ink: colourSchema, ground: colourSchema, cut: z.number() }),
  draw: (random) => ({
    ink: drawColour(random, INKS),
    ground: drawColour(random, ["yellow", "gold", "orange", "peach", "pink", "turquoise", "sky blue", "mint", "lime", "cream", "white", "lavender", "coral"]),
    cut: between(random, 0.55, 0.9),
  }),
  words: ({ ink, ground }) => [`${ink.name} silhouette on ${withArticle(ground.name)} background`, `${ink.name} silhouette`, "silhouette"],
  paint(figure, { ink, ground, cut }, scratch) {
    const canvas = flat(ground.rgb, scratch);
    const lines = edges(figure, scratch);
    const rim = rimOf(figure.a, 1.2 * scratch.unit, scratch);
    for (let i = 0; i < lines.length; i++) {
      const inside = 1 - smoothstep(0.15, 0.6, rim[i] ?? 0);
      lines[i] = (figure.a[i] ?? 0) * (1 - cut * inside * smoothstep(0.16, 0.42, lines[i] ?? 0));
    }
    tint(canvas, ink.rgb, lines, 1);
    return canvas;
  },
});
