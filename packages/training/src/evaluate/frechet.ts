import { covariance, Matrix } from "ml-matrix";
import { principalAxes } from "../principal.ts";

type Rows = readonly ArrayLike<number>[];

/** Mean and covariance (over n - 1) of rows. @throws RangeError for fewer than two rows */
function moments(rows: Rows): { mean: number[]; spread: Matrix } {
  if (rows.length < 2) throw new RangeError(`moments: a covariance needs two rows, got ${rows.length}`);
  const matrix = new Matrix(rows.map((row) => Array.from(row)));
  return { mean: matrix.mean("column"), spread: covariance(matrix) };
}

/**
 * Fréchet distance between the normal distributions fitted to two sets of rows:
 * |m1 - m2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2) (Heusel et al. 2017, arXiv:1706.08500).
 */
export function frechetDistance(a: Rows, b: Rows): number {
  const [one, two] = [moments(a), moments(b)];
  const root = squareRoot(one.spread);
  const crossed = principalAxes(root.mmul(two.spread).mmul(root)).values;
  const apart = one.mean.reduce((sum, x, i) => sum + (x - (two.mean[i] ?? 0)) ** 2, 0);
  const shared = crossed.reduce((sum, value) => sum + Math.sqrt(value), 0);
  return Math.max(0, apart + one.spread.trace() + two.spread.trace() - 2 * shared);
}

/** The symmetric square root of a covariance. */
function squareRoot(spread: Matrix): Matrix {
  const { values, vectors } = principalAxes(spread);
  const axes = new Matrix(vectors); // as rows
  return axes.transpose().mmul(Matrix.diag(values.map(Math.sqrt))).mmul(axes);
}

/** A projection on the leading principal components of rows: few sets are large enough for a covariance of all features. */
export function principalProjection(rows: Rows, components: number): (row: ArrayLike<number>) => Float64Array {
  const { mean, spread } = moments(rows);
  const directions = principalAxes(spread).vectors.slice(0, components);
  return (row) => Float64Array.from(directions, (v) => v.reduce((total, x, i) => total + x * ((row[i] ?? 0) - (mean[i] ?? 0)), 0));
}
