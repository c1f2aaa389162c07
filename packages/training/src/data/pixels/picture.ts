import type { Rgb } from "./colour.ts";
import type { Plane, Scratch } from "./scratch.ts";

/** An opaque picture: sRGB in 0 .. 1, three planes // [S, S] each */
export type Canvas = { readonly r: Plane; readonly g: Plane; readonly b: Plane };

/** A subject cut out of its ground: sRGB multiplied by its cover `a`, all in 0 .. 1 // [S, S] each */
export type Figure = Canvas & { readonly a: Plane };

/** Reads one premultiplied RGBA picture of uint8 from `offset` // [S, S, 4] */
export function figureFromBytes(bytes: Uint8Array, offset: number, scratch: Scratch): Figure {
  const figure = { r: scratch.plane(), g: scratch.plane(), b: scratch.plane(), a: scratch.plane() };
  const count = scratch.size * scratch.size;
  const scale = 1 / 255;
  for (let i = 0, j = offset; i < count; i++, j += 4) {
    figure.r[i] = (bytes[j] ?? 0) * scale;
    figure.g[i] = (bytes[j + 1] ?? 0) * scale;
    figure.b[i] = (bytes[j + 2] ?? 0) * scale;
    figure.a[i] = (bytes[j + 3] ?? 0) * scale;
  }
  return figure;
}

/** The figure in one flat colour. */
export function inked(figure: Figure, [red, green, blue]: Rgb): Figure {
  const { r, g, b, a } = figure;
  for (let i = 0; i < a.length; i++) {
    const cover = a[i] ?? 0;
    r[i] = red * cover;
    g[i] = green * cover;
    b[i] = blue * cover;
  }
  return figure;
}

/** A canvas of one colour. */
export function flat([red, green, blue]: Rgb, scratch: Scratch): Canvas {
  const canvas = { r: scratch.plane(), g: scratch.plane(), b: scratch.plane() };
  canvas.r.fill(red);
  canvas.g.fill(green);
  canvas.b.fill(blue);
  return canvas;
}

/** A canvas that runs from one colour to another along `angle` in radians, 0 = to the right, growing clockwise. */
export function ramp(from: Rgb, to: Rgb, angle: number, scratch: Scratch): Canvas {
  const canvas = { r: scratch.plane(), g: scratch.plane(), b: scratch.plane() };
  const { size } = scratch;
  const dx = Math.cos(angle);
  const dy = Math.sin(angle);
  const reach = Math.abs(dx) + Math.abs(dy);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const t = 0.5 + (((x + 0.5) / size - 0.5) * dx + ((y + 0.5) / size - 0.5) * dy) / reach;
      const i = y * size + x;
      canvas.r[i] = from[0] + (to[0] - from[0]) * t;
      canvas.g[i] = from[1] + (to[1] - from[1]) * t;
      canvas.b[i] = from[2] + (to[2] - from[2]) * t;
    }
  }
  return canvas;
}

/** Lays the figure over the canvas, in place. */
export function lay(figure: Figure, canvas: Canvas): void {
  const { r, g, b } = canvas;
  for (let i = 0; i < r.length; i++) {
    const open = 1 - (figure.a[i] ?? 0);
    r[i] = (figure.r[i] ?? 0) + (r[i] ?? 0) * open;
    g[i] = (figure.g[i] ?? 0) + (g[i] ?? 0) * open;
    b[i] = (figure.b[i] ?? 0) + (b[i] ?? 0) * open;
  }
}

/** Tints the canvas with one colour, in place, by `strength` times the plane's value (clipped to 0 .. 1). */
export function tint(canvas: Canvas, [red, green, blue]: Rgb, by: Plane, strength: number): void {
  const { r, g, b } = canvas;
  for (let i = 0; i < r.length; i++) {
    const t = Math.min(1, Math.max(0, (by[i] ?? 0) * strength));
    r[i] = (r[i] ?? 0) + (red - (r[i] ?? 0)) * t;
    g[i] = (g[i] ?? 0) + (green - (g[i] ?? 0)) * t;
    b[i] = (b[i] ?? 0) + (blue - (b[i] ?? 0)) * t;
  }
}

/** Brightness 0 .. 1 of the figure as it stands on a ground of brightness `ground` (Rec. 601 weights on sRGB). */
export function brightness(figure: Figure, ground: number, scratch: Scratch): Plane {
  const out = scratch.plane();
  for (let i = 0; i < out.length; i++) {
    const own = 0.299 * (figure.r[i] ?? 0) + 0.587 * (figure.g[i] ?? 0) + 0.114 * (figure.b[i] ?? 0);
    out[i] = own + ground * (1 - (figure.a[i] ?? 0));
  }
  return out;
}

/** 0 up to `low`, 1 from `high` on, smooth between. */
export function smoothstep(low: number, high: number, value: number): number {
  const t = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return t * t * (3 - 2 * t);
}
