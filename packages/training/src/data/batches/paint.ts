import type { Pixels } from "../dataset/read.ts";
import { pairAt, type PairOptions, type Scene } from "../pairs.ts";
import { figureFromBytes, type Canvas } from "../pixels/picture.ts";
import type { Plane, Scratch } from "../pixels/scratch.ts";
import { applyStyle } from "../style.ts";
import type { Part, View } from "../view.ts";

/**
 * The pictures of consecutive pairs, sRGB in -1 .. 1 // [B, 3, S, S] each
 *
 * When `reconstruction` is the only task, `target` is `reference`, the same memory.
 */
export type PairPixels = { readonly reference: Float32Array<ArrayBuffer>; readonly target: Float32Array<ArrayBuffer> };

/** Memory for the pictures of `count` pairs of side `size`; see `PairPixels` for when reference and target share it. */
export function pairPixels(count: number, size: number, { tasks }: PairOptions): PairPixels {
  const make = () => new Float32Array(count * 3 * size * size);
  const reference = make();
  const alike = tasks?.every((task) => task === "reconstruction") ?? false;
  return { reference, target: alike ? reference : make() };
}

/** Paints pairs from number `from` of a seed into `out`, as many as it has room for. */
export function paintPairs<P extends Part>(view: View<P>, seed: number, from: number, options: PairOptions, scratch: Scratch, out: PairPixels): void {
  const { reference, target } = out;
  const length = 3 * scratch.size * scratch.size;
  for (let offset = 0; offset < reference.length; offset += length) {
    const pair = pairAt(view, seed, from + offset / length, options);
    paintScene(view.pixels, pair.reference, scratch, reference, offset);
    if (pair.target !== pair.reference) paintScene(view.pixels, pair.target, scratch, target, offset);
    else if (target !== reference) target.set(reference.subarray(offset, offset + length), offset);
  }
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
    // Math.min and Math.max, not conditions: choosing between a float and an integer constant is several times slower in V8.
    out[offset + i] = Math.min(1, Math.max(-1, (plane[i] ?? 0) * 2 - 1));
  }
}
