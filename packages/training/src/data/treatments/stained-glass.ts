import { z } from "zod";
import { rgbFromLch, type Rgb } from "../pixels/colour.ts";
import { drawGrain, grainSchema } from "../pixels/grain.ts";
import { latticeAt } from "../pixels/noise.ts";
import { smoothstep, tint } from "../pixels/picture.ts";
import { blurred } from "../pixels/blur.ts";
import { edges } from "../pixels/edges.ts";
import { shards } from "../pixels/shards.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** Pieces of coloured glass in dark leading, light behind. */
export const stainedGlass = treatment({
  params: z.object({ hue: z.number(), pitch: z.number(), light: z.number(), grain: grainSchema }),
  draw: (random) => ({ hue: between(random, 0, 360), pitch: between(random, 10, 13), light: between(random, 0.84, 0.9), grain: drawGrain(random) }),
  words: () => ["stained glass window", "stained glass", "coloured glass with dark leading"],
  ink: () => [0.32, 0.1, 0.42],
  paint(figure, { hue, pitch, light, grain }, scratch) {
    const { size, unit } = scratch;
    const { owner, border, columns, count } = shards(pitch * unit, grain, scratch);
    // Each piece that the figure's rim crosses is cut in two along it: 2k is the ground's part, 2k + 1 the figure's.
    const sums = new Float64Array(count * 2 * 4);
    for (let i = 0; i < owner.length; i++) {
      const cover = figure.a[i] ?? 0;
      const k = ((owner[i] ?? 0) * 2 + (cover >= 0.5 ? 1 : 0)) * 4;
      sums[k] = (sums[k] ?? 0) + (figure.r[i] ?? 0);
      sums[k + 1] = (sums[k + 1] ?? 0) + (figure.g[i] ?? 0);
      sums[k + 2] = (sums[k + 2] ?? 0) + (figure.b[i] ?? 0);
      sums[k + 3] = (sums[k + 3] ?? 0) + cover;
    }
    const panes = groundGlass(hue, light);
    const soft = blurred(figure.a, 0.7 * unit, scratch);
    const rim = edges({ r: soft, g: soft, b: soft, a: soft }, scratch);
    const canvas = { r: scratch.plane(), g: scratch.plane(), b: scratch.plane() };
    for (let i = 0; i < size * size; i++) {
      const piece = owner[i] ?? 0;
      const varied = latticeAt((piece % columns) * 7 + 3, Math.floor(piece / columns) * 5 + 1);
      if ((figure.a[i] ?? 0) >= 0.5) {
        const k = (piece * 2 + 1) * 4;
        const cover = Math.max(1e-3, sums[k + 3] ?? 0);
        const glass = 0.02 + 0.1 * varied;
        canvas.r[i] = Math.min(1, glass + 0.86 * ((sums[k] ?? 0) / cover));
        canvas.g[i] = Math.min(1, glass + 0.86 * ((sums[k + 1] ?? 0) / cover));
        canvas.b[i] = Math.min(1, glass + 0.86 * ((sums[k + 2] ?? 0) / cover));
      } else {
        const glass = panes[Math.floor(varied * panes.length)];
        canvas.r[i] = glass?.[0] ?? light;
        canvas.g[i] = glass?.[1] ?? light;
        canvas.b[i] = glass?.[2] ?? light;
      }
      const seam = 1 - smoothstep(0.25 * unit, 0.95 * unit, border[i] ?? 0);
      // The leading along the figure is dark and whole, that between panes thinner.
      border[i] = Math.max((figure.a[i] ?? 0) >= 0.5 ? 0.85 * seam : 0.5 * seam, smoothstep(0.1, 0.45, rim[i] ?? 0));
    }
    tint(canvas, [0.07, 0.06, 0.09], border, 1);
    return canvas;
  },
});

/** The eight panes of the ground, around the style's hue. */
function groundGlass(hue: number, light: number): Rgb[] {
  return Array.from({ length: 8 }, (_, pane) => rgbFromLch([light + 0.01 * pane - 0.04, 0.075, hue + 7.5 * pane]));
}
