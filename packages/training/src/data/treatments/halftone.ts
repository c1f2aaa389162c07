import { z } from "zod";
import { linesOf } from "../pixels/layers.ts";
import { WHITE, mixed } from "../pixels/colour.ts";
import { colourSchema, drawColour } from "../pixels/palette.ts";
import { brightness, flat, smoothstep, tint } from "../pixels/picture.ts";
import { wave } from "../pixels/wave.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** A cheap comic print: a pale tint, dots that grow with darkness, a firm outline. */
export const halftone = treatment({
  params: z.object({ ink: colourSchema, paper: colourSchema, pitch: z.number(), angle: z.number() }),
  draw: (random) => ({
    ink: drawColour(random, ["blue", "magenta", "red", "teal", "purple", "green", "black", "navy"]),
    paper: drawColour(random, ["white", "cream", "yellow", "peach", "mint", "pink", "sky blue"]),
    pitch: between(random, 3.6, 4.8),
    angle: between(random, 0.3, 1.2),
  }),
  words: ({ ink, paper }) => [`halftone dots in ${ink.name} on ${paper.name} paper`, `${ink.name} halftone comic print`, "halftone comic print", "halftone dots"],
  paint(figure, { ink, paper, pitch, angle }, scratch) {
    const { size, unit } = scratch;
    const canvas = flat(paper.rgb, scratch);
    tint(canvas, mixed(paper.rgb, mixed(ink.rgb, WHITE, 0.2), 0.3), figure.a, 1);
    const tone = brightness(figure, 1, scratch);
    const lines = linesOf(figure, 0.2, scratch);
    const scale = 1 / (pitch * unit);
    const cos = Math.cos(angle) * scale;
    const sin = Math.sin(angle) * scale;
    const soft = Math.min(0.3, 0.55 / (pitch * unit)) * 1.6;
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const i = y * size + x;
        const dark = (figure.a[i] ?? 0) * (0.12 + 0.8 * (1 - (tone[i] ?? 0)));
        const spot = (wave(x * cos + y * sin) + wave(y * cos - x * sin)) / 2;
        lines[i] = Math.max(lines[i] ?? 0, smoothstep(-soft, soft, dark - 1.02 + spot) * (dark > 0 ? 1 : 0));
      }
    }
    tint(canvas, ink.rgb, lines, 1);
    return canvas;
  },
});
