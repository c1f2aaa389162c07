import { writeFile } from "node:fs/promises";
import { drawGrid } from "../data/sheet/grid.ts";
import type { Tile } from "../data/sheet/grid.ts";

/** Picture `index` of a batch as a tile. @param pixels -1..1 [B, 3, S, S] */
export function tileAt(pixels: ArrayLike<number>, index: number, side: number): Tile {
  const rgb = new Uint8ClampedArray(side * side * 3);
  for (let c = 0; c < 3; c++) for (let i = 0; i < side * side; i++) {
    rgb[i * 3 + c] = ((pixels[(index * 3 + c) * side * side + i] ?? 0) + 1) * 127.5;
  }
  return { side, rgb: new Uint8Array(rgb.buffer) };
}

/** Writes a table of pictures with words at its margins. */
export async function writeSheet(file: string, rows: readonly { label: string; tiles: readonly Tile[] }[], columns: readonly string[]): Promise<void> {
  await writeFile(file, await drawGrid({ rows, columns }, 1));
}
