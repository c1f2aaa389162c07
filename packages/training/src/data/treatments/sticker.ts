import { z } from "zod";
import { BLACK, mixed } from "../pixels/colour.ts";
import { blurred } from "../pixels/blur.ts";
import { distanceOutside } from "../pixels/distance.ts";
import { moved } from "../pixels/layers.ts";
import { BRIGHTS, colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, lay, tint } from "../pixels/picture.ts";
import { between } from "../random.ts";
import { withArticle } from "../words.ts";
import { treatment } from "./treatment.ts";

/** The figure cut out with a wide pale border, stuck on a strong colour with a shadow below. */
export const sticker = treatment({
  params: z.object({ border: colourSchema, ground: colourSchema, width: z.number(), lift: z.number() }),
  draw: (random) => ({
    border: drawColour(random, ["white", "white", "cream", "yellow"]),
    ground: drawColour(random, [...BRIGHTS, "navy", "plum", "forest green", "indigo"]),
    width: between(random, 2.2, 3.4),
    lift: between(random, 0.8, 1.6),
  }),
  words: ({ border, ground }) => [
    `sticker with ${withArticle(border.name)} border on ${withArticle(ground.name)} background`,
    `die cut sticker on ${ground.name}`, `sticker with ${withArticle(border.name)} border`, "sticker",
  ],
  paint(figure, { border, ground, width, lift }, scratch) {
    const { unit } = scratch;
    const canvas = flat(ground.rgb, scratch);
    const distance = distanceOutside(figure.a, scratch);
    const rim = scratch.plane();
    const crease = scratch.plane();
    for (let i = 0; i < distance.length; i++) {
      const d = distance[i] ?? 0;
      rim[i] = Math.min(1, Math.max(0, width * unit + 0.5 - d));
      // The border darkens a little where it meets the figure, so that pale figures keep their shape.
      crease[i] = Math.max(0, 1 - d / (1.3 * unit));
    }
    const shadow = moved(blurred(rim, 1.3 * unit, scratch), Math.round(lift * unit * 0.6), Math.round(lift * unit), 0, scratch);
    tint(canvas, mixed(ground.rgb, BLACK, 0.8), shadow, 0.6);
    tint(canvas, border.rgb, rim, 1);
    tint(canvas, mixed(border.rgb, BLACK, 0.55), crease, 0.5);
    lay(figure, canvas);
    return canvas;
  },
});
