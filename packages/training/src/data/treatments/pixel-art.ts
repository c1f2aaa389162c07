import { z } from "zod";
import { cellsOf } from "../pixels/cells.ts";
import { BLACK, WHITE, lightnessOf, mixed, type Rgb } from "../pixels/colour.ts";
import { GROUNDS, colourSchema, drawColour } from "../pixels/palette.ts";
import { flat } from "../pixels/picture.ts";
import { below, pick } from "../random.ts";
import { withArticle } from "../words.ts";
import { treatment } from "./treatment.ts";

/** Large square pixels of few colours, with an outline one pixel wide. */
export const pixelArt = treatment({
  params: z.object({ ground: colourSchema, cell: z.int(), levels: z.int() }),
  draw: (random) => ({ ground: drawColour(random, GROUNDS), cell: pick(random, [2, 3, 3]), levels: 3 + below(random, 3) }),
  words: ({ ground }) => [`pixel art on ${withArticle(ground.name)} background`, "pixel art", `large pixels on ${ground.name}`],
  // Between ground and outline, so that one-colour figures keep their outline too.
  ink: ({ ground }) => (lightnessOf(ground.rgb) > 0.45 ? mixed(ground.rgb, BLACK, 0.5) : mixed(ground.rgb, WHITE, 0.5)),
  paint(figure, { ground, cell, levels }, scratch) {
    const { size, unit } = scratch;
    const canvas = flat(ground.rgb, scratch);
    const cells = cellsOf(figure, Math.round(cell * unit), scratch);
    const { count, side } = cells;
    const outline: Rgb = lightnessOf(ground.rgb) > 0.45 ? mixed(ground.rgb, BLACK, 0.82) : [0.96, 0.96, 0.98];
    const solid = (u: number, v: number) => u >= 0 && v >= 0 && u < count && v < count && (cells.a[v * count + u] ?? 0) >= 0.4;
    const level = (value: number, cover: number) => Math.round(Math.min(1, value / cover) * levels) / levels;
    for (let y = 0; y < size; y++) {
      const v = Math.floor(y / side);
      for (let x = 0; x < size; x++) {
        const u = Math.floor(x / side);
        const i = y * size + x;
        const j = v * count + u;
        if (solid(u, v)) {
          const cover = cells.a[j] ?? 1;
          canvas.r[i] = level(cells.r[j] ?? 0, cover);
          canvas.g[i] = level(cells.g[j] ?? 0, cover);
          canvas.b[i] = level(cells.b[j] ?? 0, cover);
        } else if (solid(u - 1, v) || solid(u + 1, v) || solid(u, v - 1) || solid(u, v + 1)) {
          canvas.r[i] = outline[0];
          canvas.g[i] = outline[1];
          canvas.b[i] = outline[2];
        }
      }
    }
    return canvas;
  },
});
