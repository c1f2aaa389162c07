import { z } from "zod";
import { cellsOf } from "../pixels/cells.ts";
import { inkFor } from "../pixels/ink.ts";
import { colourSchema, drawColour } from "../pixels/palette.ts";
import { flat } from "../pixels/picture.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** Crossed threads on woven cloth. */
export const crossStitch = treatment({
  params: z.object({ cloth: colourSchema, relief: z.number() }),
  draw: (random) => ({
    cloth: drawColour(random, ["cream", "tan", "sky blue", "mint", "silver", "navy", "maroon", "pink"]),
    relief: between(random, 0.28, 0.42),
  }),
  words: ({ cloth }) => [`cross stitch on ${cloth.name} cloth`, "cross stitch embroidery", "embroidered in cross stitch"],
  ink: ({ cloth }) => inkFor(cloth.rgb),
  paint(figure, { cloth, relief }, scratch) {
    const { size, unit } = scratch;
    const side = Math.round(3 * unit);
    const canvas = flat(cloth.rgb, scratch);
    const cells = cellsOf(figure, side, scratch);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const i = y * size + x;
        const j = Math.floor(y / side) * cells.count + Math.floor(x / side);
        const u = ((x % side) + 0.5) / side - 0.5;
        const v = ((y % side) + 0.5) / side - 0.5;
        // Threads run along both diagonals of a cell; what is far from both lies in the shade.
        const thread = Math.min(Math.abs(u - v), Math.abs(u + v));
        const cover = cells.a[j] ?? 0;
        if (cover >= 0.45) {
          const shade = 1 - relief * Math.min(1, thread * 3.2);
          canvas.r[i] = 0.03 + 0.97 * Math.min(1, (cells.r[j] ?? 0) / cover) * shade;
          canvas.g[i] = 0.03 + 0.97 * Math.min(1, (cells.g[j] ?? 0) / cover) * shade;
          canvas.b[i] = 0.03 + 0.97 * Math.min(1, (cells.b[j] ?? 0) / cover) * shade;
        } else {
          // Holes of the weave at the corners of the cells, darker around the stitches.
          const beside = 1 - 0.28 * Number(nearStitch(cells, Math.floor(x / side), Math.floor(y / side)));
          const hole = 1 - 0.14 * Number(Math.abs(u) + Math.abs(v) > 0.6);
          canvas.r[i] = (canvas.r[i] ?? 0) * hole * beside;
          canvas.g[i] = (canvas.g[i] ?? 0) * hole * beside;
          canvas.b[i] = (canvas.b[i] ?? 0) * hole * beside;
        }
      }
    }
    return canvas;
  },
});

function nearStitch(cells: { readonly count: number; readonly a: Float32Array }, u: number, v: number): boolean {
  const stitched = (du: number, dv: number) =>
    u + du >= 0 && v + dv >= 0 && u + du < cells.count && v + dv < cells.count && (cells.a[(v + dv) * cells.count + u + du] ?? 0) >= 0.45;
  return stitched(-1, 0) || stitched(1, 0) || stitched(0, -1) || stitched(0, 1);
}
