import { blurred } from "./blur.ts";
import type { Rgb } from "./colour.ts";
import { edges } from "./edges.ts";
import { smoothstep, type Canvas, type Figure } from "./picture.ts";
import type { Plane, Scratch } from "./scratch.ts";

/** Lines along the rim and the inner borders of a figure, 0 .. 1; a lower `threshold` (0 .. 1) draws more of them. */
export function linesOf(figure: Figure, threshold: number, scratch: Scratch): Plane {
  const steps = edges(figure, scratch);
  const full = threshold + 0.28;
  for (let i = 0; i < steps.length; i++) steps[i] = smoothstep(threshold, full, steps[i] ?? 0);
  // A touch of blur takes the staircase out of the lines; the gain gives their middle back.
  const lines = blurred(steps, 0.5 * scratch.unit, scratch);
  for (let i = 0; i < lines.length; i++) lines[i] = Math.min(1, (lines[i] ?? 0) * 1.3);
  return lines;
}

/** A band inside the rim, 0 .. about 1, that fades inwards over `width` pixels. */
export function rimOf(cover: Plane, width: number, scratch: Scratch): Plane {
  const out = blurred(cover, width, scratch);
  for (let i = 0; i < out.length; i++) out[i] = Math.max(0, (cover[i] ?? 0) * (1 - (out[i] ?? 0)) * 2);
  return out;
}

/** The canvas seen through the cover of a figure; overwrites the canvas's planes. */
export function cutOut({ r, g, b }: Canvas, a: Plane): Figure {
  for (let i = 0; i < a.length; i++) {
    const cover = a[i] ?? 0;
    r[i] = (r[i] ?? 0) * cover;
    g[i] = (g[i] ?? 0) * cover;
    b[i] = (b[i] ?? 0) * cover;
  }
  return { r, g, b, a };
}

/** The plane moved by whole pixels to the right and down; what comes in from outside is `fill`. */
export function moved(plane: Plane, right: number, down: number, fill: number, scratch: Scratch): Plane {
  const out = scratch.plane();
  const { size } = scratch;
  out.fill(fill);
  const from = Math.max(0, -right);
  const to = Math.min(size, size - right);
  for (let y = Math.max(0, down); y < Math.min(size, size + down); y++) {
    const row = (y - down) * size;
    out.set(plane.subarray(row + from, row + to), y * size + Math.max(0, right));
  }
  return out;
}

/** Adds light of one colour by the plane's value times `strength`, in place; never past white. */
export function glow({ r, g, b }: Canvas, [red, green, blue]: Rgb, by: Plane, strength: number): void {
  for (let i = 0; i < r.length; i++) {
    const t = (by[i] ?? 0) * strength;
    r[i] = Math.min(1, (r[i] ?? 0) + red * t);
    g[i] = Math.min(1, (g[i] ?? 0) + green * t);
    b[i] = Math.min(1, (b[i] ?? 0) + blue * t);
  }
}
