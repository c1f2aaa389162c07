import { randomStream } from "../random.ts";
import type { Plane, Scratch } from "./scratch.ts";

const SIDE = 256;

/** Where and how large a patch of the noise texture is laid over a picture. A style keeps it, so its texture is the same on every subject. */
export type Grain = { readonly x: number; readonly y: number };

/**
 * Smooth noise in 0 .. 1 (mean near .5): `cells` bumps along the side of the picture, shifted by `grain` (in 0 .. 1 of the texture).
 * The same bumps at every picture size.
 */
export function noise(cells: number, grain: Grain, scratch: Scratch): Plane {
  const out = scratch.plane();
  const { size } = scratch;
  const step = cells / size;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) out[y * size + x] = noiseAt(grain.x * SIDE + x * step, grain.y * SIDE + y * step);
  }
  return out;
}

/** Smooth noise drawn out along `angle` in radians: `along` bumps in that direction, `across` in the other; see `noise`. */
export function streaks(along: number, across: number, angle: number, grain: Grain, scratch: Scratch): Plane {
  const out = scratch.plane();
  const { size } = scratch;
  const cos = Math.cos(angle) / size;
  const sin = Math.sin(angle) / size;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      out[y * size + x] = noiseAt(grain.x * SIDE + (x * cos + y * sin) * along, grain.y * SIDE + (y * cos - x * sin) * across);
    }
  }
  return out;
}

function noiseAt(u: number, v: number): number {
  const u0 = Math.floor(u);
  const v0 = Math.floor(v);
  const fu = smooth(u - u0);
  const fv = smooth(v - v0);
  const row0 = (v0 & (SIDE - 1)) * SIDE;
  const row1 = ((v0 + 1) & (SIDE - 1)) * SIDE;
  const c0 = u0 & (SIDE - 1);
  const c1 = (u0 + 1) & (SIDE - 1);
  const top = (LATTICE[row0 + c0] ?? 0) * (1 - fu) + (LATTICE[row0 + c1] ?? 0) * fu;
  const bottom = (LATTICE[row1 + c0] ?? 0) * (1 - fu) + (LATTICE[row1 + c1] ?? 0) * fu;
  return top * (1 - fv) + bottom * fv;
}

/** One value of the noise lattice in 0 .. 1; wraps around every 256 steps. */
export function latticeAt(x: number, y: number): number {
  return LATTICE[(y & (SIDE - 1)) * SIDE + (x & (SIDE - 1))] ?? 0;
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}

const LATTICE = makeLattice();

function makeLattice(): Float32Array {
  const random = randomStream(0x6e6f6973);
  return Float32Array.from({ length: SIDE * SIDE }, () => random());
}
