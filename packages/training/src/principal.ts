import { EigenvalueDecomposition, type Matrix } from "ml-matrix";

/** Eigenvalues of a covariance, falling, none below zero, and its eigenvectors of length 1 in that order. */
export function principalAxes(covariance: Matrix): { values: number[]; vectors: number[][] } {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
  const falling = realEigenvalues.map((value, i) => ({ value, vector: eigenvectorMatrix.getColumn(i) })).sort((a, b) => b.value - a.value);
  // What rounding leaves of a zero may lie below it.
  return { values: falling.map(({ value }) => Math.max(0, value)), vectors: falling.map(({ vector }) => vector) };
}
