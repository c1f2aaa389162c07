/** Whole numbers below `n`, the same for the same seed. */
export function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** A damaged copy of `bytes`: cut short, or with some bits, bytes or a run of bytes changed within the first `within`. */
export function mutate(bytes: Uint8Array, roll: (n: number) => number, within = bytes.length): Uint8Array {
  const out = new Uint8Array(bytes);
  const at = roll(Math.min(within, out.length));
  switch (roll(5)) {
    case 0: return out.subarray(0, roll(out.length));
    case 1: out[at] = out[at]! ^ (1 << roll(8)); return out;
    case 2: out[at] = [0, 1, 0x7f, 0x80, 0xff][roll(5)]!; return out;
    case 3: out.copyWithin(at, roll(out.length), Math.min(out.length, roll(out.length) + 32)); return out;
    default: for (let i = 0; i < 8; i++) out[roll(Math.min(within, out.length))] = roll(256); return out;
  }
}
