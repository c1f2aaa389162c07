/** Uniform numbers in [0, 1), the next one at each call. */
export type Random = () => number;

/**
 * The stream of uniform numbers that belongs to `seed` and `path`: a pure function of both, so that draw n of a sampler
 * is `randomStream(seed, n)` and needs no draw before it. All numbers are taken modulo 2^32.
 *
 * The path is folded with the 32-bit finaliser of MurmurHash3 and starts the generator sfc32 (PractRand, C. Doty-Humphrey).
 */
export function randomStream(seed: number, ...path: readonly number[]): Random {
  let hash = mix(seed ^ 0x9e3779b9);
  for (const part of path) hash = mix((Math.imul(hash, 0x85ebca6b) + part) | 0);
  let a = mix(hash + 1);
  let b = mix(hash + 2);
  let c = mix(hash + 3);
  let counter = 1;
  const next = (): number => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  // sfc32's own seeding runs a dozen rounds so that close seeds part.
  for (let round = 0; round < 12; round++) next();
  return next;
}

/** A number in [low, high). */
export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}

/** An integer in 0 .. count - 1. */
export function below(random: Random, count: number): number {
  return Math.floor(random() * count);
}

/** One item, all equally likely; throws `RangeError` for an empty list. */
export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[below(random, items.length)];
  if (item === undefined) throw new RangeError("pick: the list is empty");
  return item;
}

/** True with the given probability in 0 .. 1. */
export function chance(random: Random, probability: number): boolean {
  return random() < probability;
}

/** A new list with the same items in random order (sorted by a random key each). */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const keyed = items.map((item) => ({ item, key: random() }));
  keyed.sort((x, y) => x.key - y.key);
  return keyed.map(({ item }) => item);
}

function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
