import { z } from "zod";
import { blurred } from "../pixels/blur.ts";
import { BLACK, rgbFromLch } from "../pixels/colour.ts";
import { moved } from "../pixels/layers.ts";
import { colourSchema, colourNear, type ColourName } from "../pixels/palette.ts";
import { brightness, flat, smoothstep, tint } from "../pixels/picture.ts";
import { between, pick } from "../random.ts";
import { treatment } from "./treatment.ts";

/** Hue of the sheets and colour of the ground below them. */
const SHEETS: readonly { readonly hue: number; readonly ground: ColourName }[] = [
  { hue: 25, ground: "cream" }, { hue: 195, ground: "peach" }, { hue: 260, ground: "mint" }, { hue: 300, ground: "yellow" }, { hue: 150, ground: "pink" },
  { hue: 60, ground: "sky blue" }, { hue: 345, ground: "lavender" },
];

/** Three layers of cut paper, each lighter than the one below, with shadows between them. */
export const paperCut = treatment({
  params: z.object({ ground: colourSchema, hue: z.number(), low: z.number(), high: z.number(), lift: z.number() }),
  draw: (random) => {
    const { hue, ground } = pick(random, SHEETS);
    return {
      ground: colourNear(random, ground),
      hue: hue + between(random, -10, 10),
      low: between(random, 0.36, 0.44),
      high: between(random, 0.66, 0.74),
      lift: between(random, 0.9, 1.5),
    };
  },
  words: ({ ground }) => [`layered paper cutout on ${ground.name}`, "layered paper cutout", "cut paper collage"],
  paint(figure, { ground, hue, low, high, lift }, scratch) {
    const { unit } = scratch;
    const canvas = flat(ground.rgb, scratch);
    const tone = blurred(brightness(figure, 0, scratch), 0.5 * unit, scratch);
    const layer = (threshold: number) => {
      const plane = scratch.plane();
      for (let i = 0; i < plane.length; i++) plane[i] = (figure.a[i] ?? 0) * smoothstep(threshold - 0.05, threshold + 0.05, tone[i] ?? 0);
      return plane;
    };
    const sheets = [figure.a, layer(low), layer(high)];
    sheets.forEach((sheet, index) => {
      const shadow = moved(blurred(sheet, 1.1 * unit, scratch), Math.round(lift * unit * 0.7), Math.round(lift * unit), 0, scratch);
      // Shadows of the upper sheets fall on the figure, not on the ground.
      if (index > 0) for (let i = 0; i < shadow.length; i++) shadow[i] = (shadow[i] ?? 0) * (figure.a[i] ?? 0);
      tint(canvas, BLACK, shadow, index === 0 ? 0.42 : 0.3);
      tint(canvas, rgbFromLch([0.42 + 0.2 * index, 0.14 - 0.03 * index, hue + 14 * index]), sheet, 1);
    });
    return canvas;
  },
});
