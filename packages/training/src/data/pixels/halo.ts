import { lightnessOf, mixed, BLACK, WHITE, type Rgb } from "./colour.ts";
import { tint, type Canvas } from "./picture.ts";
import { blurred } from "./blur.ts";
import { moved } from "./layers.ts";
import type { Plane, Scratch } from "./scratch.ts";

/**
 * Darkens a light ground, or lights a dark one, softly around the cover, in place, before the figure is laid on it: so a
 * figure stands out even from a ground of its own colour, and by the same rule whatever the subject is.
 */
export function halo(canvas: Canvas, ground: Rgb, cover: Plane, strength: number, scratch: Scratch): void {
  const dark = lightnessOf(ground) < 0.5;
  const colour = dark ? mixed(ground, WHITE, 0.55) : mixed(ground, BLACK, 0.75);
  const sigma = (dark ? 2.4 : 1.9) * scratch.unit;
  const soft = blurred(cover, sigma, scratch);
  tint(canvas, colour, dark ? soft : moved(soft, 0, Math.round(scratch.unit), 0, scratch), strength * 1.6);
}
