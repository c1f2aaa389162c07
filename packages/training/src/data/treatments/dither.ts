import { z } from "zod";
import { rgbFromLch } from "../pixels/colour.ts";
import { rimOf } from "../pixels/layers.ts";
import { brightness } from "../pixels/picture.ts";
import { between, pick } from "../random.ts";
import { treatment } from "./treatment.ts";

const SCREENS = {
  green: { hue: 125, chroma: 0.13 },
  amber: { hue: 75, chroma: 0.14 },
  blue: { hue: 245, chroma: 0.1 },
  grey: { hue: 250, chroma: 0.008 },
  pink: { hue: 5, chroma: 0.13 },
} as const;
const SCREEN_NAMES = Object.keys(SCREENS) as (keyof typeof SCREENS)[];

/** The 4 x 4 threshold matrix of B. Bayer (1973), in 0 .. 1. */
const BAYER = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5].map((rank) => (rank + 0.5) / 16);

/** Four shades of one colour, mixed by an ordered pattern of dots: an old handheld screen. */
export const dither = treatment({
  params: z.object({ screen: z.enum(SCREEN_NAMES), hue: z.number(), contrast: z.number() }),
  draw: (random) => ({ screen: pick(random, SCREEN_NAMES), hue: between(random, -6, 6), contrast: between(random, 0.8, 1) }),
  words: ({ screen }) => [`dithered on a ${screen} handheld screen`, `${screen} dithered picture`, "dithered picture"],
  paint(figure, { screen, hue, contrast }, scratch) {
    const { size, unit } = scratch;
    const dot = Math.round(unit);
    const tone = brightness(figure, 1, scratch);
    const rim = rimOf(figure.a, 1.2 * unit, scratch);
    const { hue: base, chroma } = SCREENS[screen];
    const shades = [0.24, 0.46, 0.7, 0.91].map((lightness) => rgbFromLch([lightness, chroma * (lightness > 0.85 ? 0.8 : 1), base + hue]));
    const canvas = { r: scratch.plane(), g: scratch.plane(), b: scratch.plane() };
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        // The dots are one unit wide at every picture size, so tone is read at a dot's upper left pixel.
        const at = (y - (y % dot)) * size + x - (x % dot);
        const i = y * size + x;
        const cover = figure.a[at] ?? 0;
        const value = cover > 0.5 ? (0.06 + 0.76 * contrast * (tone[at] ?? 0)) * (1 - 0.85 * Math.min(1, rim[at] ?? 0)) : 1;
        const threshold = BAYER[(Math.floor(y / dot) % 4) * 4 + (Math.floor(x / dot) % 4)] ?? 0.5;
        const shade = shades[Math.min(3, Math.floor(value * 3 + threshold))] ?? [0, 0, 0];
        canvas.r[i] = shade[0];
        canvas.g[i] = shade[1];
        canvas.b[i] = shade[2];
      }
    }
    return canvas;
  },
});
