/**
 * The vocabulary of tensor functions. Each function checks shapes at once and returns a new node; nothing is computed
 * until a graph of them is run. Broadcasting follows numpy; a number stands for a scalar constant.
 */
import { at, mulDims, sizeOf, staticShape } from "./dim.ts";
import type { Dim, Shape } from "./dim.ts";
import { infer } from "./infer.ts";
import type { ConvGeometry, DType, Op, Tensor } from "./tensor.ts";

/** Applies a primitive. @throws TypeError that names the primitive and shapes where they do not fit. */
export function apply(op: Op, ...inputs: Tensor[]): Tensor {
  return { op, inputs, ...infer(op, inputs) };
}

/** A value given at every run. */
export const input = (name: string, shape: Shape, dtype: DType = "float32"): Tensor =>
  ({ op: { kind: "input", name }, inputs: [], shape, dtype });

/** A weight: fed in training, baked into inference graphs. */
export const parameter = (name: string, shape: Shape): Tensor =>
  ({ op: { kind: "parameter", name }, inputs: [], shape, dtype: "float32" });

/** Values known while tracing, row-major. @throws TypeError where their number does not fit the shape. */
export function constant(data: ArrayLike<number>, shape: Shape = [data.length], dtype: DType = "float32"): Tensor {
  if (sizeOf(shape) !== data.length) throw new TypeError(`constant: ${data.length} values for shape [${staticShape(shape).join(", ")}]`);
  return { op: { kind: "constant", data }, inputs: [], shape, dtype };
}

export type Operand = Tensor | number;
const lift = (x: Operand): Tensor => (typeof x === "number" ? constant([x], []) : x);

export const neg = (x: Tensor): Tensor => apply({ kind: "neg" }, x);
export const exp = (x: Tensor): Tensor => apply({ kind: "exp" }, x);
export const log = (x: Tensor): Tensor => apply({ kind: "log" }, x);
export const sqrt = (x: Tensor): Tensor => apply({ kind: "sqrt" }, x);
export const tanh = (x: Tensor): Tensor => apply({ kind: "tanh" }, x);
export const sigmoid = (x: Tensor): Tensor => apply({ kind: "sigmoid" }, x);
export const erf = (x: Tensor): Tensor => apply({ kind: "erf" }, x);
export const sin = (x: Tensor): Tensor => apply({ kind: "sin" }, x);
export const cos = (x: Tensor): Tensor => apply({ kind: "cos" }, x);
export const abs = (x: Tensor): Tensor => apply({ kind: "abs" }, x);
export const sign = (x: Tensor): Tensor => apply({ kind: "sign" }, x);

export const add = (a: Operand, b: Operand): Tensor => apply({ kind: "add" }, lift(a), lift(b));
export const sub = (a: Operand, b: Operand): Tensor => apply({ kind: "sub" }, lift(a), lift(b));
export const mul = (a: Operand, b: Operand): Tensor => apply({ kind: "mul" }, lift(a), lift(b));
export const div = (a: Operand, b: Operand): Tensor => apply({ kind: "div" }, lift(a), lift(b));
export const maximum = (a: Operand, b: Operand): Tensor => apply({ kind: "maximum" }, lift(a), lift(b));
export const minimum = (a: Tensor, b: Tensor): Tensor => neg(maximum(neg(a), neg(b)));
export const square = (x: Tensor): Tensor => mul(x, x);

/** Exact GELU: x Phi(x) (Hendrycks & Gimpel 2016, arXiv:1606.08415). */
export const gelu = (x: Tensor): Tensor => apply({ kind: "gelu" }, x);
/** x sigmoid(alpha x): CLIP's QuickGELU at alpha 1.702, SiLU at 1. */
export const quickGelu = (x: Tensor, alpha = 1.702): Tensor => apply({ kind: "quickGelu", alpha }, x);
/** x sigmoid(x) (Elfwing et al. 2017, arXiv:1702.03118). */
export const silu = (x: Tensor): Tensor => quickGelu(x, 1);

/** Batched matrix product [..., M, K] x [..., K, N]. */
export const matmul = (a: Tensor, b: Tensor): Tensor => apply({ kind: "matmul" }, a, b);

/**
 * softmax(Q K^T / sqrt(D)) V over heads side by side in the last axis (Vaswani et al. 2017, arXiv:1706.03762, 3.2).
 * @param q [B, L, N D] @param k [B, S, N D] @param v [B, S, N D] @returns [B, L, N D]
 */
export const attention = (q: Tensor, k: Tensor, v: Tensor, options: { heads: number; causal?: boolean }): Tensor =>
  apply({ kind: "attention", heads: options.heads, causal: options.causal ?? false }, q, k, v);

export type ConvOptions = { stride?: number; pads?: number | ConvGeometry["pads"] };

/** Cross-correlation. @param x [B, C, H, W] @param weight [O, C, kh, kw] @param bias [O] */
export function conv(x: Tensor, weight: Tensor, bias: Tensor | undefined, options: ConvOptions = {}): Tensor {
  const { stride = 1, pads = 0 } = options;
  const geometry = { stride, pads: typeof pads === "number" ? { top: pads, left: pads, bottom: pads, right: pads } : pads };
  return bias === undefined ? apply({ kind: "conv", ...geometry }, x, weight) : apply({ kind: "conv", ...geometry }, x, weight, bias);
}

export const reshape = (x: Tensor, shape: Shape): Tensor => apply({ kind: "reshape", shape }, x);
export const transpose = (x: Tensor, perm: readonly number[]): Tensor => apply({ kind: "transpose", perm }, x);
/** Exchanges the last two axes. */
export const transposeLast = (x: Tensor): Tensor => {
  const rank = x.shape.length;
  return transpose(x, Array.from({ length: rank }, (_, i) => (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i)));
};
export const broadcast = (x: Tensor, shape: Shape): Tensor => apply({ kind: "broadcast", shape }, x);
export const concat = (xs: readonly Tensor[], axis: number): Tensor => apply({ kind: "concat", axis: axisOf(at(xs, 0), axis) }, ...xs);
/** `x[start..end)` along one axis. */
export const slice = (x: Tensor, axis: number, start: number, end: Dim): Tensor =>
  apply({ kind: "slice", axis: axisOf(x, axis), start, end }, x);
/** Zeros before and after along one axis. */
export const pad = (x: Tensor, axis: number, before: number, after: Dim): Tensor =>
  apply({ kind: "pad", axis: axisOf(x, axis), before, after }, x);
/** Nearest-neighbour enlargement by 2. [B, C, H, W] -> [B, C, 2H, 2W] */
export const upsample = (x: Tensor): Tensor => apply({ kind: "upsample" }, x);
/** Rows of a table. @param table [V, E] @param ids int64 [...] @returns [..., E] */
export const gather = (table: Tensor, ids: Tensor): Tensor => apply({ kind: "gather" }, table, ids);

export type ReduceOptions = { keepDims?: boolean };
const reduce = (kind: "sum" | "mean" | "max", x: Tensor, axes: readonly number[] | undefined, keepDims: boolean): Tensor =>
  apply({ kind, axes: (axes ?? x.shape.map((_, i) => i)).map((a) => axisOf(x, a)), keepDims }, x);
/** Sum over `axes` (all by default). */
export const sum = (x: Tensor, axes?: readonly number[], options: ReduceOptions = {}): Tensor => reduce("sum", x, axes, options.keepDims ?? false);
export const mean = (x: Tensor, axes?: readonly number[], options: ReduceOptions = {}): Tensor => reduce("mean", x, axes, options.keepDims ?? false);
export const max = (x: Tensor, axes?: readonly number[], options: ReduceOptions = {}): Tensor => reduce("max", x, axes, options.keepDims ?? false);

/** Softmax over the last axis. */
export const softmax = (x: Tensor): Tensor => apply({ kind: "softmax" }, x);
/** log softmax over the last axis, stable: x - max - log sum exp(x - max). */
export function logSoftmax(x: Tensor): Tensor {
  const shifted = sub(x, max(x, [-1], { keepDims: true }));
  return sub(shifted, log(sum(exp(shifted), [-1], { keepDims: true })));
}

/** Layer normalisation over the last axis (Ba et al. 2016, arXiv:1607.06450). @param weight [C] @param bias [C] */
export const layerNorm = (x: Tensor, weight: Tensor, bias: Tensor, eps: number): Tensor => apply({ kind: "layerNorm", eps }, x, weight, bias);
/** Group normalisation (Wu & He 2018, arXiv:1803.08494). @param x [B, C, H, W] @param weight [C] @param bias [C] */
export const groupNorm = (x: Tensor, weight: Tensor, bias: Tensor, groups: number, eps: number): Tensor =>
  apply({ kind: "groupNorm", groups, eps }, x, weight, bias);

/** Merges the axes from..to (exclusive) into one. */
export function flatten(x: Tensor, from: number, to: number): Tensor {
  const merged = x.shape.slice(from, to).reduce<Dim>(mulDims, 1);
  return reshape(x, [...x.shape.slice(0, from), merged, ...x.shape.slice(to)]);
}

const axisOf = (x: Tensor, axis: number): number => (axis < 0 ? axis + x.shape.length : axis);
