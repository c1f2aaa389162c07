import { ops } from "@deadiff/core";
import type { Tensor } from "@deadiff/core";

/** Muon's constants (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks"). */
export type MuonConfig = {
  momentum: number;
  /** Newton-Schulz iterations. */
  iterations: number;
  /** Root mean square of a step at learning rate 1: AdamW's usual one, so that both take one learning rate (Liu et al. 2025, arXiv:2502.16982, 2.2). */
  rms: number;
};

export const MUON: MuonConfig = { momentum: 0.95, iterations: 5, rms: 0.2 };

/** Coefficients of the quintic iteration: they lift small singular values fast, and leave all within 0.7 to 1.2. */
const [A, B, C] = [3.4445, -4.775, 2.0315];

/** Tables that are looked up, and the layers at either end, are no maps between hidden states: AdamW keeps them. */
const KEPT_BY_ADAMW = /(^|\.)(tokens|positions|words|queries|patches|convIn|convOut)(\.|$)/;

/** Whether Muon updates a parameter: the matrices and kernels between hidden states. */
export const takesMuon = (name: string, shape: readonly unknown[]): boolean => shape.length > 1 && !KEPT_BY_ADAMW.test(name);

/**
 * The nearest matrix of orthonormal rows or columns, about: U V^T of x = U S V^T, by Newton-Schulz. A kernel
 * [O, I, k, k] counts as the matrix [O, I k k].
 *
 * @returns x's shape; every singular value of the matrix within 0.7 to 1.2, but for those of x that are close to zero
 */
export function orthogonalised(x: Tensor, iterations: number): Tensor {
  const rows = Number(x.shape[0]);
  const columns = x.shape.slice(1).reduce<number>((n, d) => n * Number(d), 1);
  // Summed flat: ONNX Runtime 1.30 moves a transpose past the reduction of a kernel and then fails to find its axes.
  const flat = ops.reshape(x, [rows * columns]);
  let y = ops.reshape(ops.div(flat, ops.add(ops.sqrt(ops.sum(ops.square(flat), [0])), 1e-7)), [rows, columns]);
  for (let i = 0; i < iterations; i++) {
    const t = ops.transpose(y, [1, 0]);
    const gram = rows > columns ? ops.matmul(t, y) : ops.matmul(y, t); // of the shorter side
    const factor = ops.add(ops.mul(gram, B), ops.mul(ops.matmul(gram, gram), C));
    y = ops.add(ops.mul(y, A), rows > columns ? ops.matmul(y, factor) : ops.matmul(factor, y));
  }
  return ops.reshape(y, x.shape);
}

/** Muon's step at learning rate 1 from a gradient and its momentum, and the next momentum. */
export function muon(gradient: Tensor, m: Tensor, { momentum, iterations, rms }: MuonConfig): { step: Tensor; m: Tensor } {
  const next = ops.add(m, ops.mul(ops.sub(gradient, m), 1 - momentum));
  const ahead = ops.add(next, ops.mul(ops.sub(gradient, next), 1 - momentum)); // Nesterov's
  const [rows = 1, ...rest] = gradient.shape.map(Number);
  const longer = Math.max(rows, rest.reduce((n, d) => n * d, 1));
  return { step: ops.mul(orthogonalised(ahead, iterations), rms * Math.sqrt(longer)), m: next };
}
