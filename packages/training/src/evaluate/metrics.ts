/** Mean of a list. @throws RangeError where it is empty */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("mean: the list is empty");
  return values.reduce((total, x) => total + x, 0) / values.length;
}

/** Cosine of the angle between two vectors, -1..1. @throws RangeError where lengths differ or a vector is zero */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`cosine: vectors of ${a.length} and ${b.length} numbers`);
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    dot += x * y;
    aa += x * x;
    bb += y * y;
  }
  if (aa === 0 || bb === 0) throw new RangeError("cosine: a vector of zeros has no direction");
  return dot / Math.sqrt(aa * bb);
}

/**
 * How many candidates are nearer to the query than the right one, by cosine: 0 is a top-1 hit, below 5 a top-5 hit.
 * Ties count against the right one, so that a network which gives one vector to everything retrieves nothing.
 */
export function retrievalRank(query: ArrayLike<number>, candidates: readonly ArrayLike<number>[], right: number): number {
  const target = candidates[right];
  if (target === undefined) throw new RangeError(`retrievalRank: no candidate ${right} among ${candidates.length}`);
  const similarity = cosine(query, target);
  return candidates.filter((candidate, i) => i !== right && cosine(query, candidate) >= similarity).length;
}

/** Share of ranks below k, 0..1: top-k accuracy; of the ranks of references' subjects, subject leak. */
export const topShare = (ranks: readonly number[], k: number): number => mean(ranks.map((rank) => (rank < k ? 1 : 0)));
