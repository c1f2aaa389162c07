import type { Canvas } from "../pixels/picture.ts";
import type { Tile } from "./grid.ts";

/** The canvas in uint8; values outside 0 .. 1 are clipped. */
export function tileOf(canvas: Canvas, side: number): Tile {
  const rgb = new Uint8ClampedArray(side * side * 3);
  for (let i = 0; i < side * side; i++) {
    rgb[i * 3] = (canvas.r[i] ?? 0) * 255;
    rgb[i * 3 + 1] = (canvas.g[i] ?? 0) * 255;
    rgb[i * 3 + 2] = (canvas.b[i] ?? 0) * 255;
  }
  return { side, rgb: new Uint8Array(rgb.buffer) };
}
