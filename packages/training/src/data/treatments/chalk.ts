import { z } from "zod";
import { drawGrain, grainSchema } from "../pixels/grain.ts";
import { linesOf } from "../pixels/layers.ts";
import { noise } from "../pixels/noise.ts";
import { BLACK, mixed } from "../pixels/colour.ts";
import { colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, tint } from "../pixels/picture.ts";
import { wave } from "../pixels/wave.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** Dusty strokes of pale coloured chalk on a board. */
export const chalk = treatment({
  params: z.object({ board: colourSchema, angle: z.number(), pitch: z.number(), fill: z.number(), grain: grainSchema }),
  draw: (random) => ({
    board: drawColour(random, ["forest green", "charcoal", "navy", "black"]),
    angle: between(random, 0.5, 1.1),
    pitch: between(random, 3, 4.2),
    fill: between(random, 0.7, 0.95),
    grain: drawGrain(random),
  }),
  words: ({ board }) => [`chalk drawing on a ${board.name} board`, "chalk drawing", `coloured chalk on a ${board.name} board`],
  paint(figure, { board, angle, pitch, fill, grain }, scratch) {
    const { size, unit } = scratch;
    const base = mixed(board.rgb, BLACK, 0.25);
    const canvas = flat(base, scratch);
    const dust = noise(58, grain, scratch);
    const smear = noise(7, grain, scratch);
    tint(canvas, [0.8, 0.84, 0.82], smear, 0.08);
    const dx = Math.cos(angle) / (pitch * unit);
    const dy = Math.sin(angle) / (pitch * unit);
    const lines = linesOf(figure, 0.1, scratch);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const i = y * size + x;
        const cover = figure.a[i] ?? 0;
        const speck = dust[i] ?? 0;
        const stroke = 0.45 + 0.55 * wave(x * dx + y * dy + 0.25 * (smear[i] ?? 0));
        const t = Math.min(1, cover * fill * stroke * (0.55 + 0.75 * speck));
        // Chalk is pale: the figure's colour, lifted towards white.
        const over = 1 / Math.max(cover, 1e-3);
        const pale = (value: number) => 0.36 + 0.64 * Math.min(1, value * over);
        canvas.r[i] = (canvas.r[i] ?? 0) * (1 - t) + pale(figure.r[i] ?? 0) * t;
        canvas.g[i] = (canvas.g[i] ?? 0) * (1 - t) + pale(figure.g[i] ?? 0) * t;
        canvas.b[i] = (canvas.b[i] ?? 0) * (1 - t) + pale(figure.b[i] ?? 0) * t;
        lines[i] = (lines[i] ?? 0) * (0.45 + 0.6 * speck);
      }
    }
    tint(canvas, [0.96, 0.96, 0.93], lines, 1);
    return canvas;
  },
});
