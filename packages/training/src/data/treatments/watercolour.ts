import { z } from "zod";
import { blurred } from "../pixels/blur.ts";
import { drawGrain, grainSchema } from "../pixels/grain.ts";
import { rimOf } from "../pixels/layers.ts";
import { noise } from "../pixels/noise.ts";
import { colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, type Figure } from "../pixels/picture.ts";
import type { Plane, Scratch } from "../pixels/scratch.ts";
import { warped } from "../pixels/warp.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** Wet paint: wavering borders, colour that bleeds into the paper, pigment that gathers at the rim. */
export const watercolour = treatment({
  params: z.object({ paper: colourSchema, bleed: z.number(), waver: z.number(), pigment: z.number(), grain: grainSchema }),
  draw: (random) => ({
    paper: drawColour(random, ["cream", "white", "cream"]),
    bleed: between(random, 0.3, 0.5),
    waver: between(random, 1.2, 2.2),
    pigment: between(random, 0.3, 0.5),
    grain: drawGrain(random),
  }),
  words: ({ paper }) => ["watercolour painting", `watercolour on ${paper.name} paper`, "soft watercolour wash"],
  ink: () => [0.16, 0.2, 0.34],
  paint(figure, { paper, bleed, waver, pigment, grain }, scratch) {
    const { unit } = scratch;
    const canvas = flat(paper.rgb, scratch);
    const wet = warpedFigure(figure, noise(11, grain, scratch), noise(12, { x: grain.y, y: grain.x }, scratch), waver * unit, scratch);
    const soft: Figure = {
      r: blurred(wet.r, 0.7 * unit, scratch),
      g: blurred(wet.g, 0.7 * unit, scratch),
      b: blurred(wet.b, 0.7 * unit, scratch),
      a: wet.a,
    };
    const halo = { r: blurred(wet.r, 3 * unit, scratch), g: blurred(wet.g, 3 * unit, scratch), b: blurred(wet.b, 3 * unit, scratch), a: blurred(wet.a, 3 * unit, scratch) };
    const softCover = blurred(wet.a, 0.7 * unit, scratch);
    const rim = rimOf(wet.a, 1.5 * unit, scratch);
    const pools = noise(9, { x: grain.x + 0.4, y: grain.y + 0.3 }, scratch);
    const tooth = noise(60, grain, scratch);
    for (let i = 0; i < rim.length; i++) {
      const cover = wet.a[i] ?? 0;
      const dense = cover * (0.62 + 0.42 * (pools[i] ?? 0)) * (0.9 + 0.2 * (tooth[i] ?? 0));
      const wash = (1 - cover) * bleed * (halo.a[i] ?? 0) * (0.5 + (pools[i] ?? 0));
      const edge = 1 - pigment * (rim[i] ?? 0);
      const over = 1 / Math.max(softCover[i] ?? 0, 0.05);
      const far = 1 / Math.max(halo.a[i] ?? 0, 0.02);
      canvas.r[i] = wetColour(canvas.r[i] ?? 0, (soft.r[i] ?? 0) * over, (halo.r[i] ?? 0) * far, dense, wash, edge, 0.86);
      canvas.g[i] = wetColour(canvas.g[i] ?? 0, (soft.g[i] ?? 0) * over, (halo.g[i] ?? 0) * far, dense, wash, edge, 0.88);
      canvas.b[i] = wetColour(canvas.b[i] ?? 0, (soft.b[i] ?? 0) * over, (halo.b[i] ?? 0) * far, dense, wash, edge, 0.93);
    }
    return canvas;
  },
});

/** Paper under a thin bleed, then under paint. White paint would not show on paper: `limit` makes it a pale blue grey. */
function wetColour(paper: number, paint: number, far: number, dense: number, wash: number, edge: number, limit: number): number {
  const stained = paper + (Math.min(far, limit) - paper) * Math.min(1, wash);
  return (stained + (Math.min(paint, limit) - stained) * Math.min(1, dense)) * edge;
}

function warpedFigure(figure: Figure, across: Plane, down: Plane, reach: number, scratch: Scratch): Figure {
  const pull = (plane: Plane) => warped(plane, across, down, reach, scratch);
  return { r: pull(figure.r), g: pull(figure.g), b: pull(figure.b), a: pull(figure.a) };
}
