import { mixed, type Rgb } from "./colour.ts";
import type { Canvas } from "./picture.ts";
import type { Plane, Scratch } from "./scratch.ts";

const STEPS = 256;

/** Paints a plane of 0 .. 1 (clipped) with a ramp of colours, evenly spaced, dark end first. */
export function toned(plane: Plane, stops: readonly Rgb[], scratch: Scratch): Canvas {
  const canvas = { r: scratch.plane(), g: scratch.plane(), b: scratch.plane() };
  const table = rampTable(stops);
  for (let i = 0; i < plane.length; i++) {
    const step = Math.min(STEPS - 1, Math.max(0, Math.round((plane[i] ?? 0) * (STEPS - 1)))) * 3;
    canvas.r[i] = table[step] ?? 0;
    canvas.g[i] = table[step + 1] ?? 0;
    canvas.b[i] = table[step + 2] ?? 0;
  }
  return canvas;
}

function rampTable(stops: readonly Rgb[]): Float32Array {
  const table = new Float32Array(STEPS * 3);
  const spans = stops.length - 1;
  for (let step = 0; step < STEPS; step++) {
    const at = (step / (STEPS - 1)) * spans;
    const span = Math.min(spans - 1, Math.floor(at));
    const from = stops[span];
    const to = stops[span + 1];
    if (from === undefined || to === undefined) throw new RangeError("toned: a ramp needs at least two colours");
    table.set(mixed(from, to, at - span), step * 3);
  }
  return table;
}
