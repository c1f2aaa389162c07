import { eigen } from "../stages/pca.ts";

type Rows = readonly ArrayLike<number>[];

/** Mean and covariance (row-major, over n - 1) of rows. @throws RangeError for fewer than two rows */
export function moments(rows: Rows): { mean: Float64Array; covariance: Float64Array } {
  const n = rows.length, d = rows[0]?.length ?? 0;
  if (n < 2) throw new RangeError(`moments: a covariance needs two rows, got ${n}`);
  const mean = new Float64Array(d), covariance = new Float64Array(d * d);
  for (const row of rows) for (let i = 0; i < d; i++) mean[i] = (mean[i] ?? 0) + (row[i] ?? 0) / n;
  for (const row of rows) for (let i = 0; i < d; i++) {
    const x = (row[i] ?? 0) - (mean[i] ?? 0);
    for (let j = 0; j < d; j++) covariance[i * d + j] = (covariance[i * d + j] ?? 0) + (x * ((row[j] ?? 0) - (mean[j] ?? 0))) / (n - 1);
  }
  return { mean, covariance };
}

/**
 * Fréchet distance between the normal distributions fitted to two sets of rows:
 * |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2) (Heusel et al. 2017, arXiv:1706.08500).
 */
export function frechetDistance(a: Rows, b: Rows): number {
  const [one, two] = [moments(a), moments(b)];
  const d = one.mean.length;
  const root = matrixRoot(one.covariance, d);
  const crossed = eigen(product(product(root, two.covariance, d), root, d), d).values;
  let distance = 0;
  for (let i = 0; i < d; i++) {
    distance += ((one.mean[i] ?? 0) - (two.mean[i] ?? 0)) ** 2 + (one.covariance[i * d + i] ?? 0) + (two.covariance[i * d + i] ?? 0) - 2 * Math.sqrt(Math.max(0, crossed[i] ?? 0));
  }
  return Math.max(0, distance);
}

/** Symmetric square root by eigenvalues. */
function matrixRoot(matrix: Float64Array, d: number): Float64Array {
  const { values, vectors } = eigen(matrix, d);
  const out = new Float64Array(d * d);
  vectors.forEach((v, k) => {
    const root = Math.sqrt(values[k] ?? 0);
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) out[i * d + j] = (out[i * d + j] ?? 0) + root * (v[i] ?? 0) * (v[j] ?? 0);
  });
  return out;
}

function product(a: Float64Array, b: Float64Array, d: number): Float64Array {
  const out = new Float64Array(d * d);
  for (let i = 0; i < d; i++) for (let k = 0; k < d; k++) {
    const x = a[i * d + k] ?? 0;
    for (let j = 0; j < d; j++) out[i * d + j] = (out[i * d + j] ?? 0) + x * (b[k * d + j] ?? 0);
  }
  return out;
}

/** A projection on the leading principal components of rows: few sets are large enough for a covariance of all features. */
export function principalProjection(rows: Rows, components: number): (row: ArrayLike<number>) => Float64Array {
  const { mean, covariance } = moments(rows);
  const directions = eigen(covariance, mean.length).vectors.slice(0, components);
  return (row) => Float64Array.from(directions, (v) => v.reduce((total, x, i) => total + x * ((row[i] ?? 0) - (mean[i] ?? 0)), 0));
}
