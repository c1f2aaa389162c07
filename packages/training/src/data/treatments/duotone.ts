import { z } from "zod";
import { BLACK, mixed } from "../pixels/colour.ts";
import { cutOut, rimOf } from "../pixels/layers.ts";
import { colourSchema, drawColour } from "../pixels/palette.ts";
import { brightness, flat, lay, tint } from "../pixels/picture.ts";
import { toned } from "../pixels/tones.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** The figure printed in two inks, dark for its shades and light for its lights, on the light one. */
export const duotone = treatment({
  params: z.object({ dark: colourSchema, light: colourSchema, contrast: z.number() }),
  draw: (random) => ({
    dark: drawColour(random, ["navy", "purple", "maroon", "forest green", "plum", "teal", "indigo", "blue", "magenta", "red"]),
    light: drawColour(random, ["peach", "yellow", "mint", "pink", "lime", "sky blue", "cream", "gold", "lavender"]),
    contrast: between(random, 0.7, 0.85),
  }),
  words: ({ dark, light }) => [`${dark.name} and ${light.name} duotone`, `duotone in ${dark.name} and ${light.name}`, "duotone"],
  paint(figure, { dark, light, contrast }, scratch) {
    const tone = brightness(figure, 1, scratch);
    for (let i = 0; i < tone.length; i++) tone[i] = (tone[i] ?? 0) ** 1.15 * contrast;
    const rim = rimOf(figure.a, 1.1 * scratch.unit, scratch);
    const print = toned(tone, [mixed(dark.rgb, BLACK, 0.15), dark.rgb, mixed(dark.rgb, light.rgb, 0.55), light.rgb], scratch);
    tint(print, dark.rgb, rim, 0.75);
    const canvas = flat(light.rgb, scratch);
    lay(cutOut(print, figure.a), canvas);
    return canvas;
  },
});
