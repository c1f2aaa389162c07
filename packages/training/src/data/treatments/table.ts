import { badge } from "./badge.ts";
import { blueprint } from "./blueprint.ts";
import { chalk } from "./chalk.ts";
import { clay } from "./clay.ts";
import { crossStitch } from "./cross-stitch.ts";
import { crosshatch } from "./crosshatch.ts";
import { dither } from "./dither.ts";
import { duotone } from "./duotone.ts";
import { emboss } from "./emboss.ts";
import { glitch } from "./glitch.ts";
import { gradient } from "./gradient.ts";
import { gradientFill } from "./gradient-fill.ts";
import { halftone } from "./halftone.ts";
import { lineDrawing } from "./line-drawing.ts";
import { linocut } from "./linocut.ts";
import { longShadow } from "./long-shadow.ts";
import { moonlight } from "./moonlight.ts";
import { neon } from "./neon.ts";
import { oil } from "./oil.ts";
import { paperCut } from "./paper-cut.ts";
import { pattern } from "./pattern.ts";
import { pencil } from "./pencil.ts";
import { pixelArt } from "./pixel-art.ts";
import { plain } from "./plain.ts";
import { popArt } from "./pop-art.ts";
import { sepia } from "./sepia.ts";
import { silhouette } from "./silhouette.ts";
import { stainedGlass } from "./stained-glass.ts";
import { sticker } from "./sticker.ts";
import { thermal } from "./thermal.ts";
import type { Treatment } from "./treatment.ts";
import { watercolour } from "./watercolour.ts";
import { xRay } from "./x-ray.ts";

const table = {
  plain, gradient, pattern, badge, sticker, "long-shadow": longShadow,
  duotone, "pop-art": popArt, "gradient-fill": gradientFill, moonlight, thermal, "x-ray": xRay, sepia,
  "line-drawing": lineDrawing, blueprint, neon, chalk, pencil, crosshatch, silhouette, linocut,
  watercolour, oil, halftone, "pixel-art": pixelArt, dither, "cross-stitch": crossStitch, "stained-glass": stainedGlass,
  "paper-cut": paperCut, emboss, clay, glitch,
};

/** The name of a treatment in data. */
export type TreatmentId = keyof typeof table;

/** The parameters of each treatment. */
export type TreatmentParams = { readonly [K in TreatmentId]: (typeof table)[K] extends Treatment<infer P> ? P : never };

/** All treatments by name. */
export const TREATMENTS: { readonly [K in TreatmentId]: Treatment<TreatmentParams[K]> } = table;

/** All treatment names: grounds first, then colours, lines, and materials. */
export const TREATMENT_IDS = Object.keys(table) as readonly TreatmentId[];
