import { z } from "zod";
import { linesOf } from "../pixels/layers.ts";
import { INKS, PAPERS, colourSchema, drawColour } from "../pixels/palette.ts";
import { brightness, flat, smoothstep, tint } from "../pixels/picture.ts";
import { wave } from "../pixels/wave.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** Ink lines, and parallel strokes that cross where the figure is darker. */
export const crosshatch = treatment({
  params: z.object({ ink: colourSchema, paper: colourSchema, angle: z.number(), pitch: z.number() }),
  draw: (random) => ({
    ink: drawColour(random, INKS),
    paper: drawColour(random, PAPERS),
    angle: between(random, 0.6, 1),
    pitch: between(random, 3.4, 4.6),
  }),
  words: ({ ink, paper }) => [`crosshatched in ${ink.name} ink on ${paper.name} paper`, `${ink.name} ink hatching`, "crosshatching in ink"],
  paint(figure, { ink, paper, angle, pitch }, scratch) {
    const { size, unit } = scratch;
    const canvas = flat(paper.rgb, scratch);
    const tone = brightness(figure, 1, scratch);
    const lines = linesOf(figure, 0.1, scratch);
    const scale = 1 / (pitch * unit);
    const cos = Math.cos(angle) * scale;
    const sin = Math.sin(angle) * scale;
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const i = y * size + x;
        const dark = 1 - (tone[i] ?? 0);
        // A stroke is where the wave is above a height that falls with darkness; the second set starts at half darkness.
        const first = smoothstep(-0.18, 0.18, wave(x * cos + y * sin) - (1.02 - 0.75 * dark) - (dark < 0.06 ? 1 : 0));
        const second = smoothstep(-0.18, 0.18, wave(y * cos - x * sin) - (1.3 - 0.85 * dark) - (dark > 0.45 ? 0 : 2));
        lines[i] = Math.max(lines[i] ?? 0, (figure.a[i] ?? 0) * 0.9 * Math.max(first, second));
      }
    }
    tint(canvas, ink.rgb, lines, 1);
    return canvas;
  },
});
