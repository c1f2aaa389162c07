import type { z } from "zod";
import type { Rgb } from "../pixels/colour.ts";
import type { Canvas, Figure } from "../pixels/picture.ts";
import type { Scratch } from "../pixels/scratch.ts";
import type { Random } from "../random.ts";

/**
 * A picture operation with a name in words and continuous parameters. The parameters never depend on the picture, so that
 * one style looks the same on every subject.
 */
export type Treatment<P> = {
  /** The parameters as they are stored. */
  readonly params: z.ZodType<P>;
  /** Draws parameters. */
  draw(random: Random): P;
  /** Phrases that say what is seen, the plainest first, in words of lower-case letters and digits. */
  words(params: P): readonly [string, ...string[]];
  /** The colour of one-colour figures. Treatments that look at brightness and shape alone leave it black. */
  ink?(params: P): Rgb;
  /** Paints the figure; may overwrite the figure's planes. */
  paint(figure: Figure, params: P, scratch: Scratch): Canvas;
};

/** Checks a treatment's parts against each other and keeps its parameter type. */
export function treatment<P>(parts: Treatment<P>): Treatment<P> {
  return parts;
}
