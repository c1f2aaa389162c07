import type { Branch } from "../models/deadiff.ts";

/** Image tokens of the branches there are, each row-major [Q, E]. */
export type BranchTokens = Readonly<Partial<Record<Branch, Float32Array>>>;

/** The weighted mean of tokens, those without tokens or weight left out; null where none is left. */
export function meanTokens(parts: readonly { tokens: Float32Array | undefined; weight: number }[]): Float32Array | null {
  const used = parts.flatMap(({ tokens, weight }) => (tokens === undefined || weight === 0 ? [] : [{ tokens, weight }]));
  const [first] = used;
  if (first === undefined) return null;
  if (used.length === 1) return first.tokens;
  const total = used.reduce((sum, { weight }) => sum + weight, 0);
  const sums = new Float64Array(first.tokens.length); // float64, so that equal tokens have themselves as their mean
  for (const { tokens, weight } of used) tokens.forEach((value, i) => sums[i] = (sums[i] ?? 0) + weight * value);
  return Float32Array.from(sums, (sum) => sum / total);
}
