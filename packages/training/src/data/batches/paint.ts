import type { Pixels } from "../dataset/read.ts";
import { pairAt, type PairOptions, type Scene } from "../pairs.ts";
import { figureFromBytes, type Canvas } from "../pixels/picture.ts";
import type { Plane, Scratch } from "../pixels/scratch.ts";
import { applyStyle } from "../style.ts";
import type { Part, View } from "../view.ts";

/** The pictures of consecutive pairs, sRGB in -1 .. 1 // [B, 3, S, S] each */
export type PairPixels = { readonly reference: Float32Array<ArrayBuffer>; readonly target: Float32Array<ArrayBuffer> };

/** Paints pairs `from` .. `from + count - 1` of a seed. */
export function paintPairs<P extends Part>(view: View<P>, seed: number, from: number, count: number, options: PairOptions, scratch: Scratch): PairPixels {
  const length = 3 * scratch.size * scratch.size;
  const reference = new Float32Array(count * length);
  const target = new Float32Array(count * length);
  for (let k = 0; k < count; k++) {
    const pair = pairAt(view, seed, from + k, options);
    paintScene(view.pixels, pair.reference, scratch, reference, k * length);
    if (pair.target === pair.reference) target.set(reference.subarray(k * length, (k + 1) * length), k * length);
    else paintScene(view.pixels, pair.target, scratch, target, k * length);
  }
  return { reference, target };
}

/** Paints one drawing in a style into `out` from `offset`, sRGB in -1 .. 1 // [3, S, S] */
export function paintScene(pixels: Pixels, { cell, style }: Pick<Scene, "cell" | "style">, scratch: Scratch, out: Float32Array, offset: number): void {
  scratch.reset();
  const figure = figureFromBytes(new Uint8Array(pixels.bytes), cell.picture * scratch.size * scratch.size * 4, scratch);
  writeSigned(applyStyle(figure, style, scratch), out, offset);
}

function writeSigned({ r, g, b }: Canvas, out: Float32Array, offset: number): void {
  writePlane(r, out, offset);
  writePlane(g, out, offset + r.length);
  writePlane(b, out, offset + 2 * r.length);
}

function writePlane(plane: Plane, out: Float32Array, offset: number): void {
  for (let i = 0; i < plane.length; i++) {
    const signed = (plane[i] ?? 0) * 2 - 1;
    out[offset + i] = signed > 1 ? 1 : signed < -1 ? -1 : signed;
  }
}
