/** Outcomes of comparisons: `wins[i][j]` times `i` was preferred to `j`, a tie counting half for each. */
export type Wins = readonly (readonly number[])[];

/** A strength on the log-odds scale with its standard error. */
export interface Strength {
  readonly theta: number;
  readonly error: number;
}

/** Spread of the prior, in log-odds: wide (odds of e^2 to one), it only keeps a contestant that never lost from infinity. */
const PRIOR_SD = 2;
const STEPS_MAX = 50;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The inverse of a symmetric positive definite matrix, by Gauss-Jordan elimination without pivoting. */
const inverse = (matrix: readonly (readonly number[])[]): number[][] => {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...Array.from({ length: n }, (_, j) => (i === j ? 1 : 0))]);
  for (const [i, pivot] of rows.entries()) {
    const scale = pivot[i] ?? 0;
    for (let k = 0; k < 2 * n; k++) pivot[k] = (pivot[k] ?? 0) / scale;
    for (const [j, row] of rows.entries()) {
      const factor = row[i] ?? 0;
      if (j === i || factor === 0) continue;
      for (let k = 0; k < 2 * n; k++) row[k] = (row[k] ?? 0) - factor * (pivot[k] ?? 0);
    }
  }
  return rows.map((row) => row.slice(n));
};

/**
 * Strengths by the model of Bradley and Terry, P(i beats j) = sigmoid(theta_i - theta_j), with a normal prior of mean 0: the maximum
 * of the posterior by Newton's method, and standard errors from the curvature there (Laplace's approximation). The strengths' mean is 0.
 */
export const bradleyTerry = (wins: Wins): Strength[] => {
  const n = wins.length;
  const won = (i: number, j: number): number => wins[i]?.[j] ?? 0;
  const precision = 1 / PRIOR_SD ** 2;
  const theta = Array.from({ length: n }, () => 0);
  const at = (i: number): number => theta[i] ?? 0;
  const curvature = (): number[][] => {
    const hessian = Array.from({ length: n }, (_, i) => Array.from({ length: n }, (__, j) => (i === j ? precision : 0)));
    for (const [i, row] of hessian.entries()) {
      for (let j = 0; j < n; j++) {
        if (j === i) continue;
        const p = sigmoid(at(i) - at(j));
        const information = (won(i, j) + won(j, i)) * p * (1 - p);
        row[i] = (row[i] ?? 0) + information;
        row[j] = (row[j] ?? 0) - information;
      }
    }
    return hessian;
  };
  let covariance = inverse(curvature());
  for (let step = 0; step < STEPS_MAX; step++) {
    const gradient = theta.map((value, i) => theta.reduce((sum, other, j) => sum + (j === i ? 0 : won(i, j) - (won(i, j) + won(j, i)) * sigmoid(value - other)), -precision * value));
    const moves = covariance.map((row) => row.reduce((sum, value, j) => sum + value * (gradient[j] ?? 0), 0));
    // A step of more than the prior's spread is cut: Newton's method overshoots where the sigmoid is flat.
    const scale = Math.min(1, PRIOR_SD / Math.max(1e-12, ...moves.map(Math.abs)));
    for (const [i, move] of moves.entries()) theta[i] = at(i) + scale * move;
    covariance = inverse(curvature());
    if (moves.every((move) => Math.abs(move) < 1e-10)) break;
  }
  return theta.map((value, i) => ({ theta: value, error: Math.sqrt(covariance[i]?.[i] ?? 0) }));
};
