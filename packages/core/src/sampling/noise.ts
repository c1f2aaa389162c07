import { DeadiffError } from "../errors.ts";
import { philox } from "./philox.ts";

/** The largest seed: 2^63 - 1, so that a seed fits a signed 64-bit column. */
export const MAX_SEED = 2n ** 63n - 1n;

/**
 * Standard normal noise that depends on (seed, draw, position) alone: Philox4x32-10 keyed with the seed on the counter
 * (position / 4, draw, 0, 0), each pair of words through Box-Muller. A longer array begins with the shorter one.
 *
 * @param seed in 0..2^63-1
 * @param draw in 0..2^32-1: which noise of the seed this is; 0 is a job's starting latent
 * @throws `seed_range`
 */
export function gaussian(seed: bigint, draw: number, length: number): Float32Array {
  checkSeed(seed);
  const key0 = Number(seed & 0xffff_ffffn);
  const key1 = Number(seed >> 32n);
  const noise = new Float32Array(length);
  const words = new Uint32Array(4);
  for (let at = 0; at < length; at += 4) {
    words[0] = at >>> 2;
    words[1] = draw;
    words[2] = 0;
    words[3] = 0;
    philox(words, key0, key1);
    for (let pair = 0; pair < 4; pair += 2) {
      // (word + 1) / 2^32 lies in (0, 1]: its logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(((words[pair] ?? 0) + 1) / 2 ** 32));
      const angle = (2 * Math.PI * (words[pair + 1] ?? 0)) / 2 ** 32;
      // Writes past the end of a typed array are dropped: the last block of an odd length needs no special case.
      noise[at + pair] = radius * Math.cos(angle);
      noise[at + pair + 1] = radius * Math.sin(angle);
    }
  }
  return noise;
}

/**
 * The noise of a batch of images: the starting latents are draw 0, the k-th ancestral step takes draw k + 1. Image b of the
 * batch takes all of its noise from `seeds[b]`, so it is the same image in every batch.
 *
 * @param seeds one per image
 * @param elements numbers per image
 */
export function seededNoise(seeds: readonly bigint[], elements: number): { start: () => Float32Array; step: (index: number) => Float32Array } {
  const draw = (index: number): Float32Array => {
    const batch = new Float32Array(seeds.length * elements);
    for (const [b, seed] of seeds.entries()) batch.set(gaussian(seed, index, elements), b * elements);
    return batch;
  };
  return { start: () => draw(0), step: (index) => draw(index + 1) };
}

/**
 * The seed of each image of a job: image i has `seed + i`, so that any one of them can be made again alone.
 *
 * @throws `seed_range` when the last seed would pass 2^63 - 1
 */
export function imageSeeds(seed: bigint, count: number): bigint[] {
  checkSeed(seed);
  if (count > 0) checkSeed(seed + BigInt(count - 1));
  return Array.from({ length: count }, (_, i) => seed + BigInt(i));
}

/**
 * Reads a seed as it travels in JSON, where a number would lose digits past 2^53: decimal digits, 0..2^63-1.
 *
 * @throws `seed_range`
 */
export function parseSeed(text: string): bigint {
  if (!/^\d{1,19}$/.test(text)) throw new DeadiffError("seed_range", `a seed is a whole number in 0..${MAX_SEED.toString()}, got "${text}"`);
  const seed = BigInt(text);
  checkSeed(seed);
  return seed;
}

function checkSeed(seed: bigint): void {
  if (seed < 0n || seed > MAX_SEED) {
    throw new DeadiffError("seed_range", `a seed must lie in 0..${MAX_SEED.toString()}, got ${seed.toString()}`);
  }
}
