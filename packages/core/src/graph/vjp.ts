import { at, mulDims, sameShape, staticShape } from "./dim.ts";
import type { Shape } from "./dim.ts";
import {
  abs, add, apply, broadcast, constant, conv, cos, div, erf, exp, gather, matmul, mean, mul, neg, pad, reshape,
  sigmoid, sign, sin, slice, softmax, sqrt, square, sub, sum, transpose, transposeLast,
} from "./ops.ts";
import type { OpKind, OpOf, Tensor } from "./tensor.ts";

/**
 * Vector-Jacobian product of a primitive: from its operands, its result `y` and d loss / d y, the d loss / d operand
 * of each operand; null where none is defined (ids, leaves). Rules are written in tensor functions, so that they can
 * be differentiated, simplified and lowered like everything else.
 */
type VjpRule<K extends OpKind> = (op: OpOf<K>, inputs: readonly Tensor[], y: Tensor, g: Tensor) => readonly (Tensor | null)[];

export function vjp(y: Tensor, g: Tensor): readonly (Tensor | null)[] {
  const rule = vjpRules[y.op.kind] as VjpRule<OpKind>;
  return rule(y.op, y.inputs, y, g);
}

const none = (): null[] => [];

/** Sums `g` back to `shape`, undoing numpy's broadcasting. */
export function unbroadcast(g: Tensor, shape: Shape): Tensor {
  if (sameShape(g.shape, shape)) return g;
  const extra = g.shape.length - shape.length;
  const axes = g.shape.flatMap((d, i) => (i < extra || (shape[i - extra] === 1 && d !== 1) ? [i] : []));
  return reshape(sum(g, axes, { keepDims: true }), shape);
}

/** Gradient of a reduction: `g` stretched over the axes that were reduced. */
function spread(op: OpOf<"sum" | "mean" | "max">, x: Tensor, g: Tensor): Tensor {
  const kept = x.shape.map((d, i) => (op.axes.includes(i) ? 1 : d));
  return broadcast(op.keepDims ? g : reshape(g, kept), x.shape);
}

/**
 * Gradient of y = xhat * weight + bias with xhat = (x - mean) / sqrt(var + eps) over the last axis, with respect to x,
 * given gHat = d loss / d xhat: (gHat - mean(gHat) - xhat mean(gHat xhat)) / sqrt(var + eps).
 */
function normalisedInputGrad(x: Tensor, gHat: Tensor, eps: number): { xHat: Tensor; gx: Tensor } {
  const keep = { keepDims: true };
  const centred = sub(x, mean(x, [-1], keep));
  const rstd = div(1, sqrt(add(mean(square(centred), [-1], keep), eps)));
  const xHat = mul(centred, rstd);
  const gx = mul(rstd, sub(sub(gHat, mean(gHat, [-1], keep)), mul(xHat, mean(mul(gHat, xHat), [-1], keep))));
  return { xHat, gx };
}

/** [B, L, N D] -> [B, N, L, D] */
function splitHeads(x: Tensor, heads: number): Tensor {
  const [b, l, width] = x.shape;
  if (b === undefined || l === undefined || typeof width !== "number") throw new TypeError("splitHeads: needs [B, L, N D]");
  return transpose(reshape(x, [b, l, heads, width / heads]), [0, 2, 1, 3]);
}

/** [B, N, L, D] -> [B, L, N D] */
function mergeHeads(x: Tensor): Tensor {
  const [b, n, l, d] = x.shape;
  if (b === undefined || n === undefined || l === undefined || d === undefined) throw new TypeError("mergeHeads: needs [B, N, L, D]");
  return reshape(transpose(x, [0, 2, 1, 3]), [b, l, mulDims(n, d)]);
}

/** -1e9 above the diagonal, 0 elsewhere. [L, S] */
export function causalBias(l: number, s: number): Tensor {
  return constant(Float32Array.from({ length: l * s }, (_, i) => (i % s > Math.floor(i / s) ? -1e9 : 0)), [l, s]);
}

const vjpRules: { [K in OpKind]: VjpRule<K> } = {
  input: none,
  parameter: none,
  constant: none,

  neg: (_op, _x, _y, g) => [neg(g)],
  exp: (_op, _x, y, g) => [mul(g, y)],
  log: (_op, [x], _y, g) => [div(g, some(x))],
  sqrt: (_op, _x, y, g) => [div(mul(g, 0.5), y)],
  tanh: (_op, _x, y, g) => [mul(g, sub(1, square(y)))],
  sigmoid: (_op, _x, y, g) => [mul(g, mul(y, sub(1, y)))],
  erf: (_op, [x], _y, g) => [mul(g, mul(2 / Math.sqrt(Math.PI), exp(neg(square(some(x))))))],
  sin: (_op, [x], _y, g) => [mul(g, cos(some(x)))],
  cos: (_op, [x], _y, g) => [neg(mul(g, sin(some(x))))],
  abs: (_op, [x], _y, g) => [mul(g, sign(some(x)))],
  sign: () => [null],
  gelu(_op, [x0], _y, g) {
    const x = some(x0);
    const cdf = mul(0.5, add(1, erf(mul(x, Math.SQRT1_2))));
    const pdf = mul(1 / Math.sqrt(2 * Math.PI), exp(mul(-0.5, square(x))));
    return [mul(g, add(cdf, mul(x, pdf)))];
  },
  quickGelu({ alpha }, [x0], y, g) {
    // d/dx x s(ax) = s + a x s (1 - s) = s + a y (1 - s)
    const s = sigmoid(mul(some(x0), alpha));
    return [mul(g, add(s, mul(mul(y, alpha), sub(1, s))))];
  },

  add: (_op, [a, b], _y, g) => [unbroadcast(g, some(a).shape), unbroadcast(g, some(b).shape)],
  sub: (_op, [a, b], _y, g) => [unbroadcast(g, some(a).shape), unbroadcast(neg(g), some(b).shape)],
  mul: (_op, [a, b], _y, g) => [unbroadcast(mul(g, some(b)), some(a).shape), unbroadcast(mul(g, some(a)), some(b).shape)],
  div(_op, [a, b], y, g) {
    const ga = div(g, some(b));
    return [unbroadcast(ga, some(a).shape), unbroadcast(neg(mul(ga, y)), some(b).shape)];
  },
  maximum(_op, [a, b], _y, g) {
    // Half to each where they are equal, the usual choice for a kink.
    const first = mul(0.5, add(1, sign(sub(some(a), some(b)))));
    return [unbroadcast(mul(g, first), some(a).shape), unbroadcast(mul(g, sub(1, first)), some(b).shape)];
  },

  matmul(_op, [a0, b0], _y, g) {
    const a = some(a0), b = some(b0);
    const ga = unbroadcast(matmul(g, transposeLast(b)), a.shape);
    if (b.shape.length > 2) return [ga, unbroadcast(matmul(transposeLast(a), g), b.shape)];
    // One large product instead of a batch of small ones that would have to be summed.
    const rows = (x: Tensor): Tensor => reshape(x, [x.shape.slice(0, -1).reduce(mulDims, 1), at(x.shape, -1)]);
    return [ga, matmul(transposeLast(rows(a)), rows(g))];
  },
  attention({ heads, causal }, [q0, k0, v0], _y, g) {
    const [q, k, v, gy] = [some(q0), some(k0), some(v0), g].map((x) => splitHeads(x, heads)) as [Tensor, Tensor, Tensor, Tensor];
    const scale = 1 / Math.sqrt(at(staticShape(q.shape.slice(-1)), 0));
    const logits = mul(matmul(q, transposeLast(k)), scale);
    const [l, s] = [at(logits.shape, -2), at(logits.shape, -1)];
    const p = softmax(causal ? add(logits, causalBias(...(staticShape([l, s]) as [number, number]))) : logits); // [B, N, L, S]
    const gp = matmul(gy, transposeLast(v));
    const gLogits = mul(mul(p, sub(gp, sum(mul(gp, p), [-1], { keepDims: true }))), scale);
    return [matmul(gLogits, k), matmul(transposeLast(gLogits), q), matmul(transposeLast(p), gy)].map(mergeHeads);
  },
  conv({ stride, pads }, [x0, w0, bias], _y, g) {
    const x = some(x0), w = some(w0);
    const kernel = staticShape(w.shape.slice(2)) as [number, number];
    const gx = apply({ kind: "convInputGrad", stride, pads, inputShape: x.shape }, g, w);
    const gw = apply({ kind: "convWeightGrad", stride, pads, kernel }, x, g);
    return bias === undefined ? [gx, gw] : [gx, gw, sum(g, [0, 2, 3])];
  },
  convInputGrad({ stride, pads }, [g0, w0], _y, g) {
    const kernel = staticShape(some(w0).shape.slice(2)) as [number, number];
    return [conv(g, some(w0), undefined, { stride, pads }), apply({ kind: "convWeightGrad", stride, pads, kernel }, g, some(g0))];
  },
  convWeightGrad({ stride, pads }, [x0, g0], _y, g) {
    const x = some(x0);
    return [apply({ kind: "convInputGrad", stride, pads, inputShape: x.shape }, some(g0), g), conv(x, g, undefined, { stride, pads })];
  },

  reshape: (_op, [x], _y, g) => [reshape(g, some(x).shape)],
  transpose: ({ perm }, _x, _y, g) => [transpose(g, perm.map((_, i) => perm.indexOf(i)))],
  broadcast: (_op, [x], _y, g) => [unbroadcast(g, some(x).shape)],
  concat({ axis }, inputs, _y, g) {
    let start = 0;
    return inputs.map((x) => {
      const end = start + at(staticShape([at(x.shape, axis)]), 0);
      const part = slice(g, axis, start, end);
      start = end;
      return part;
    });
  },
  slice({ axis, start, end }, [x], _y, g) {
    const [size, stop] = staticShape([at(some(x).shape, axis), end]) as [number, number];
    return [pad(g, axis, start, size - stop)];
  },
  pad({ axis, before }, [x], _y, g) {
    const [size] = staticShape([at(some(x).shape, axis)]) as [number];
    return [slice(g, axis, before, before + size)];
  },
  upsample(_op, [x], _y, g) {
    const [n, c, h, w] = staticShape(some(x).shape) as [number, number, number, number];
    return [sum(reshape(g, [n, c, h, 2, w, 2]), [3, 5])];
  },
  gather(_op, [table, ids], _y, g) {
    const [rows] = staticShape(some(table).shape.slice(0, 1)) as [number];
    return [apply({ kind: "scatterAdd", rows }, some(ids), g), null];
  },
  scatterAdd: (_op, [ids], _y, g) => [null, gather(g, some(ids))],

  sum: (op, [x], _y, g) => [spread(op, some(x), g)],
  mean(op, [x0], _y, g) {
    const x = some(x0);
    const count = staticShape(op.axes.map((a) => at(x.shape, a))).reduce((n, d) => n * d, 1);
    return [mul(spread(op, x, g), 1 / count)];
  },
  max(op, [x0], y, g) {
    // Every position that holds the maximum receives the gradient.
    const x = some(x0);
    const isMax = sub(1, abs(sign(sub(x, spread(op, x, y)))));
    return [mul(spread(op, x, g), isMax)];
  },
  softmax: (_op, _x, y, g) => [mul(y, sub(g, sum(mul(g, y), [-1], { keepDims: true })))],
  layerNorm({ eps }, [x0, w0], _y, g) {
    const x = some(x0), w = some(w0);
    const { xHat, gx } = normalisedInputGrad(x, mul(g, w), eps);
    return [gx, unbroadcast(mul(g, xHat), w.shape), unbroadcast(g, w.shape)];
  },
  groupNorm({ groups, eps }, [x0, w0], _y, g) {
    const x = some(x0), w = some(w0);
    const [n, c, h, width] = staticShape(x.shape) as [number, number, number, number];
    const grouped: Shape = [n, groups, (c / groups) * h * width];
    const gHat = reshape(mul(g, reshape(w, [c, 1, 1])), grouped);
    const { xHat, gx } = normalisedInputGrad(reshape(x, grouped), gHat, eps);
    return [reshape(gx, x.shape), sum(mul(g, reshape(xHat, x.shape)), [0, 2, 3]), sum(g, [0, 2, 3])];
  },
};

function some<T>(x: T | undefined): T {
  if (x === undefined) throw new TypeError("vjp: operand is missing");
  return x;
}
