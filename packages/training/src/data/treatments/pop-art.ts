import { z } from "zod";
import { BLACK, mixed } from "../pixels/colour.ts";
import { cutOut, rimOf } from "../pixels/layers.ts";
import { centreOf, colourSchema, drawColour, type ColourName } from "../pixels/palette.ts";
import { brightness, flat, lay, smoothstep, tint } from "../pixels/picture.ts";
import { toned } from "../pixels/tones.ts";
import { between, pick } from "../random.ts";
import { withArticle } from "../words.ts";
import { treatment } from "./treatment.ts";

/** Inks from dark to light that clash well; grounds are drawn apart from them. */
const INKS: readonly (readonly [ColourName, ColourName, ColourName])[] = [
  ["indigo", "magenta", "yellow"], ["navy", "red", "peach"], ["plum", "orange", "mint"], ["forest green", "coral", "cream"],
  ["maroon", "turquoise", "white"], ["black", "blue", "pink"], ["purple", "green", "yellow"],
];

/** The figure in three flat inks, edges hard, on a fourth colour: a screen-printed poster. */
export const popArt = treatment({
  params: z.object({ dark: colourSchema, middle: colourSchema, light: colourSchema, ground: colourSchema, low: z.number(), high: z.number() }),
  draw: (random) => {
    const [dark, middle, light] = pick(random, INKS);
    const grounds = (["yellow", "turquoise", "pink", "orange", "lime", "sky blue", "coral", "lavender"] as const).filter((name) => name !== middle && name !== light);
    return {
      dark: drawColour(random, [dark]),
      middle: drawColour(random, [middle]),
      light: drawColour(random, [light]),
      ground: drawColour(random, grounds),
      low: between(random, 0.34, 0.44),
      high: between(random, 0.62, 0.74),
    };
  },
  words: ({ middle, light, ground }) => [
    `pop art poster in ${middle.name} and ${light.name} on ${withArticle(ground.name)} background`, `pop art in ${middle.name} and ${light.name}`, "pop art poster", "pop art",
  ],
  paint(figure, { dark, middle, light, ground, low, high }, scratch) {
    const tone = brightness(figure, 0.5, scratch);
    for (let i = 0; i < tone.length; i++) {
      const t = tone[i] ?? 0;
      tone[i] = 0.5 * smoothstep(low - 0.04, low + 0.04, t) + 0.5 * smoothstep(high - 0.04, high + 0.04, t);
    }
    const print = toned(tone, [dark.rgb, middle.rgb, light.rgb], scratch);
    tint(print, mixed(centreOf("black"), BLACK, 0.3), rimOf(figure.a, 1.3 * scratch.unit, scratch), 1.1);
    const canvas = flat(ground.rgb, scratch);
    lay(cutOut(print, figure.a), canvas);
    return canvas;
  },
});
