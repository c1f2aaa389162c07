/** A bump of period 1 that rises from 0 to 1 and falls again, a parabola per period: near a raised cosine, at a fraction of its cost. */
export function wave(t: number): number {
  const f = t - Math.floor(t);
  return 4 * f * (1 - f);
}
