/** One channel of a square picture, row-major // [S, S] */
export type Plane = Float32Array;

/** Lends planes of one size. Everything lent since the last `reset` is free again after it. */
export type Scratch = {
  /** Side S of the planes, in pixels. */
  readonly size: number;
  /** Pixels per 1/64 of the side: lengths are written for 64 pixels and scale with the picture. */
  readonly unit: number;
  /** A plane with undefined contents: the caller writes every value. */
  plane(): Plane;
  reset(): void;
};

/** Planes of side `size` that are allocated once and lent again for every picture: allocation would cost as much as painting. */
export function createScratch(size: number): Scratch {
  const planes: Plane[] = [];
  let lent = 0;
  return {
    size,
    unit: size / 64,
    plane() {
      const known = planes[lent++];
      if (known !== undefined) return known;
      const made = new Float32Array(size * size);
      planes.push(made);
      return made;
    },
    reset() {
      lent = 0;
    },
  };
}
