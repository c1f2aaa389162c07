import { z } from "zod";
import type { Random } from "../random.ts";
import type { Grain } from "./noise.ts";

/** A place in the noise texture as it stands in a style's parameters. */
export const grainSchema: z.ZodType<Grain> = z.object({ x: z.number(), y: z.number() });

/** Draws a place in the noise texture. */
export function drawGrain(random: Random): Grain {
  return { x: random(), y: random() };
}
