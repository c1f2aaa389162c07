import { z } from "zod";
import { blurred } from "../pixels/blur.ts";
import { rgbFromLch, type Lch } from "../pixels/colour.ts";
import { brightness } from "../pixels/picture.ts";
import { toned } from "../pixels/tones.ts";
import { between, pick } from "../random.ts";
import { treatment } from "./treatment.ts";

const METALS = {
  gold: [0.83, 0.15, 88],
  silver: [0.78, 0.012, 250],
  copper: [0.64, 0.125, 48],
  bronze: [0.64, 0.09, 68],
  steel: [0.6, 0.03, 245],
  jade: [0.62, 0.1, 165],
} as const satisfies Record<string, Lch>;
const METAL_NAMES = Object.keys(METALS) as (keyof typeof METALS)[];

/** The figure in relief, struck into a plate of metal. */
export const emboss = treatment({
  params: z.object({ metal: z.enum(METAL_NAMES), hue: z.number(), height: z.number(), angle: z.number() }),
  draw: (random) => ({
    metal: pick(random, METAL_NAMES),
    hue: between(random, -5, 5),
    height: between(random, 1.2, 1.8),
    angle: Math.PI / 4 + between(random, -0.35, 0.35),
  }),
  words: ({ metal }) => [`embossed in ${metal}`, `${metal} relief`, `struck in ${metal} like a coin`],
  paint(figure, { metal, hue, height, angle }, scratch) {
    const { size, unit } = scratch;
    const tone = brightness(figure, 0, scratch);
    const shape = scratch.plane();
    for (let i = 0; i < shape.length; i++) shape[i] = 0.75 * (figure.a[i] ?? 0) + 0.6 * (tone[i] ?? 0);
    const relief = blurred(shape, 0.75 * unit, scratch);
    const step = Math.max(1, Math.round(unit));
    const dx = Math.cos(angle);
    const dy = Math.sin(angle);
    const light = scratch.plane();
    for (let y = 0; y < size; y++) {
      const up = Math.max(0, y - step) * size;
      const down = Math.min(size - 1, y + step) * size;
      for (let x = 0; x < size; x++) {
        const gx = (relief[y * size + Math.min(size - 1, x + step)] ?? 0) - (relief[y * size + Math.max(0, x - step)] ?? 0);
        const gy = (relief[down + x] ?? 0) - (relief[up + x] ?? 0);
        const i = y * size + x;
        // Raised metal is polished: the figure is lighter than the plate whatever its own colours are.
        light[i] = 0.33 + 0.2 * (figure.a[i] ?? 0) + 0.12 * (tone[i] ?? 0) + (height * (gx * dx + gy * dy)) / 2;
      }
    }
    const [l, c, h] = METALS[metal];
    const shade = (lightness: number, chroma: number): Lch => [lightness, c * chroma, h + hue];
    return toned(light, [shade(l * 0.18, 0.7), shade(l * 0.55, 1), shade(l, 1.05), shade(Math.min(0.95, l * 1.22), 0.7), shade(0.99, 0.15)].map(rgbFromLch), scratch);
  },
});
