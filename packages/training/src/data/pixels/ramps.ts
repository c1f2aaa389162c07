import { z } from "zod";
import { between, pick, type Random } from "../random.ts";
import { rgbFromLch, type Lch, type Rgb } from "./colour.ts";

/** Two colours that belong together, with the word for the pair. */
export type Ramp = { readonly name: RampName; readonly from: Rgb; readonly to: Rgb };

const PAIRS = {
  sunset: [[0.76, 0.16, 60], [0.47, 0.17, 330]],
  dawn: [[0.9, 0.07, 70], [0.74, 0.11, 330]],
  ocean: [[0.84, 0.1, 195], [0.42, 0.13, 255]],
  forest: [[0.82, 0.15, 125], [0.4, 0.09, 160]],
  candy: [[0.86, 0.09, 345], [0.74, 0.12, 250]],
  fire: [[0.86, 0.16, 92], [0.55, 0.21, 28]],
  aurora: [[0.85, 0.16, 155], [0.48, 0.18, 295]],
  lagoon: [[0.93, 0.07, 120], [0.7, 0.11, 195]],
  dusk: [[0.62, 0.13, 300], [0.26, 0.1, 265]],
  berry: [[0.72, 0.19, 5], [0.4, 0.17, 305]],
} as const satisfies Record<string, readonly [Lch, Lch]>;

/** The word a pair goes by. */
export type RampName = keyof typeof PAIRS;

/** All words for pairs. */
export const RAMP_NAMES = Object.keys(PAIRS) as readonly RampName[];

const rgbSchema = z.tuple([z.number(), z.number(), z.number()]);

/** A pair as it stands in a style's parameters. */
export const rampSchema: z.ZodType<Ramp> = z.object({
  name: z.enum(RAMP_NAMES as [RampName, ...RampName[]]),
  from: rgbSchema,
  to: rgbSchema,
});

/** Draws two colours near those of one of the named pairs. */
export function drawRamp(random: Random, names: readonly RampName[] = RAMP_NAMES): Ramp {
  const name = pick(random, names);
  const [from, to] = PAIRS[name];
  const turn = between(random, -8, 8);
  const near = ([lightness, chroma, hue]: Lch): Rgb =>
    rgbFromLch([lightness + between(random, -0.02, 0.02), chroma * between(random, 0.9, 1.1), hue + turn]);
  return { name, from: near(from), to: near(to) };
}
