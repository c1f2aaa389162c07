import { z } from "zod";
import { between, pick, type Random } from "../random.ts";
import { rgbFromLch, type Lch, type Rgb } from "./colour.ts";

/** A colour with the word that captions call it by. */
export type Colour = { readonly name: ColourName; readonly rgb: Rgb };

/** Centres of the named colours. A drawn colour lies near its centre, so that its name stays true. */
const CENTRES = {
  white: [0.985, 0.003, 90], cream: [0.955, 0.035, 88], silver: [0.85, 0.006, 250], grey: [0.64, 0.008, 250],
  charcoal: [0.33, 0.012, 260], black: [0.17, 0.008, 270],
  yellow: [0.9, 0.16, 98], gold: [0.8, 0.145, 83], orange: [0.74, 0.165, 55], peach: [0.87, 0.075, 55], coral: [0.72, 0.155, 28],
  red: [0.57, 0.205, 27], maroon: [0.34, 0.11, 20], pink: [0.83, 0.095, 0], magenta: [0.61, 0.22, 350], brown: [0.43, 0.08, 55],
  tan: [0.79, 0.065, 75], purple: [0.47, 0.18, 302], lavender: [0.83, 0.075, 300], plum: [0.34, 0.11, 325], indigo: [0.36, 0.14, 280],
  blue: [0.55, 0.19, 258], navy: [0.27, 0.09, 262], "sky blue": [0.83, 0.085, 232], turquoise: [0.8, 0.11, 190], teal: [0.53, 0.095, 195],
  mint: [0.91, 0.075, 162], green: [0.61, 0.16, 147], lime: [0.87, 0.19, 124], olive: [0.54, 0.1, 112], "forest green": [0.37, 0.085, 150],
} as const satisfies Record<string, Lch>;

/** The word a colour goes by. */
export type ColourName = keyof typeof CENTRES;

/** All colour words. */
export const COLOUR_NAMES = Object.keys(CENTRES) as readonly ColourName[];

const channel = z.number().min(0).max(1);

/** A colour as it stands in a style's parameters. */
export const colourSchema: z.ZodType<Colour> = z.object({
  name: z.enum(COLOUR_NAMES as [ColourName, ...ColourName[]]),
  rgb: z.tuple([channel, channel, channel]),
});

/** Light, quiet colours: paper. */
export const PAPERS = ["white", "cream", "silver", "peach", "mint", "lavender", "sky blue", "tan", "pink"] as const satisfies readonly ColourName[];

/** Dark colours that read as ink on any of `PAPERS`. */
export const INKS = ["black", "charcoal", "navy", "maroon", "brown", "plum", "indigo", "forest green"] as const satisfies readonly ColourName[];

/** Colours for a flat ground behind a figure that keeps its own colours. */
export const GROUNDS = [
  "white", "cream", "silver", "peach", "mint", "lavender", "sky blue", "tan", "pink", "yellow", "gold", "orange", "coral", "magenta",
  "purple", "indigo", "blue", "navy", "turquoise", "teal", "green", "lime", "olive", "forest green", "plum", "maroon", "charcoal", "black",
] as const satisfies readonly ColourName[];

/** Strong colours of middle lightness that carry white and black alike. */
export const BRIGHTS = [
  "orange", "coral", "magenta", "purple", "blue", "turquoise", "teal", "green", "olive", "gold", "pink", "lime", "red",
] as const satisfies readonly ColourName[];

/** Draws a colour near the centre of `name`. */
export function colourNear(random: Random, name: ColourName): Colour {
  const [lightness, chroma, hue] = CENTRES[name];
  const rgb = rgbFromLch([
    Math.min(0.99, lightness + between(random, -0.02, 0.02)),
    chroma * between(random, 0.88, 1.12),
    hue + between(random, -5, 5),
  ]);
  return { name, rgb };
}

/** Draws one of the named colours. */
export function drawColour(random: Random, names: readonly ColourName[]): Colour {
  return colourNear(random, pick(random, names));
}

/** The colour at the centre of a name. */
export function centreOf(name: ColourName): Rgb {
  return rgbFromLch(CENTRES[name]);
}
