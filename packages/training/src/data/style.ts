import { z } from "zod";
import { handOf, HAND_IDS, type HandId } from "./hands.ts";
import { BLACK } from "./pixels/colour.ts";
import { inked, type Canvas, type Figure } from "./pixels/picture.ts";
import type { Scratch } from "./pixels/scratch.ts";
import type { Random } from "./random.ts";
import { TREATMENTS, TREATMENT_IDS, type TreatmentId, type TreatmentParams } from "./treatments/table.ts";
import type { Treatment } from "./treatments/treatment.ts";

/** Who drew a picture, what was done to it, and how exactly: plain data that looks the same on every subject. */
export type Style = {
  [K in TreatmentId]: { readonly hand: HandId; readonly treatment: K; readonly params: TreatmentParams[K] };
}[TreatmentId];

/** A treatment with parameters of its own kind, whichever that is: the table below its types. */
type Known = { readonly treatment: Treatment<unknown>; readonly params: unknown };

/** Draws the parameters of a treatment. */
export function drawStyle(random: Random, hand: HandId, treatment: TreatmentId): Style {
  return { hand, treatment, params: TREATMENTS[treatment].draw(random) } as Style;
}

/** Phrases for what the treatment of a style does, the one that says most first: `on a teal background`. */
export function treatmentWords(style: Style): readonly [string, ...string[]] {
  const { treatment, params } = known(style);
  return treatment.words(params);
}

/**
 * Paints a clean figure in a style. The figure must be the drawing of `style.hand`; its planes may be overwritten. The planes
 * of the canvas belong to `scratch` and hold sRGB, at most a rounding error outside 0 .. 1.
 */
export function applyStyle(figure: Figure, style: Style, scratch: Scratch): Canvas {
  const { treatment, params } = known(style);
  const drawn = handOf(style.hand).ink ? inked(figure, treatment.ink?.(params) ?? BLACK) : figure;
  return treatment.paint(drawn, params, scratch);
}

/** Checks that a value read from a file is a style; throws `ZodError` when it is not. */
export function parseStyle(value: unknown): Style {
  const { hand, treatment, params } = styleSchema.parse(value);
  return { hand, treatment, params: TREATMENTS[treatment].params.parse(params) } as Style;
}

const styleSchema = z.strictObject({
  hand: z.enum(HAND_IDS as [HandId, ...HandId[]]),
  treatment: z.enum(TREATMENT_IDS as [TreatmentId, ...TreatmentId[]]),
  params: z.unknown(),
});

/** TypeScript cannot see that the parameters of a style are those of its treatment; the type `Style` says so. */
function known(style: Style): Known {
  return { treatment: TREATMENTS[style.treatment], params: style.params };
}
