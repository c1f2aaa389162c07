import { BLACK, WHITE, lightnessOf, mixed, type Rgb } from "./colour.ts";

/** A near-black or near-white shade of the ground that reads well on it: the ink of one-colour figures. */
export function inkFor(ground: Rgb): Rgb {
  return lightnessOf(ground) > 0.6 ? mixed(ground, BLACK, 0.85) : mixed(ground, WHITE, 0.93);
}
