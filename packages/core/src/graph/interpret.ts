/**
 * The meaning of every primitive, evaluated slowly in float64: the oracle that gradients, lowerings and runtimes are
 * tested against. Written for plainness, not speed.
 */
import { at, evaluateDim, shapeText } from "./dim.ts";
import type { Shape } from "./dim.ts";
import { nodesOf } from "./graph.ts";
import type { Graph } from "./graph.ts";
import type { ConvGeometry, OpKind, OpOf, Tensor } from "./tensor.ts";

export type Array64 = { readonly shape: readonly number[]; readonly data: Float64Array };

export type Feeds = Readonly<Record<string, { dims: readonly number[]; data: ArrayLike<number | bigint> }>>;

/**
 * Runs a graph on named inputs and parameters.
 * @throws TypeError where a value is missing or has another shape than declared
 */
export function interpret(graph: Graph, feeds: Feeds): Record<string, Array64> {
  const symbols = bindSymbols(graph, feeds);
  const sizes = (shape: Shape): number[] => shape.map((d) => evaluateDim(d, symbols));
  const values = new Map<Tensor, Array64>();
  const valueOf = (x: Tensor): Array64 => {
    const value = values.get(x);
    if (value === undefined) throw new TypeError("interpret: operand was not computed");
    return value;
  };
  for (const node of nodesOf(graph)) {
    values.set(node, evaluate(node, node.inputs.map(valueOf), sizes(node.shape), feeds));
  }
  return Object.fromEntries(Object.entries(graph.outputs).map(([name, x]) => [name, valueOf(x)]));
}

/** Solves the symbols of the input shapes from the shapes that were fed (each symbol must stand alone in some axis, up to a factor). */
function bindSymbols(graph: Graph, feeds: Feeds): Map<string, number> {
  const symbols = new Map<string, number>();
  for (const { op, shape } of graph.inputs) {
    if (op.kind !== "input") continue;
    for (const [axis, d] of shape.entries()) {
      if (typeof d === "number" || d.terms.size !== 1) continue;
      const [[name, factor]] = [...d.terms] as [[string, number]];
      const size = feeds[op.name]?.dims[axis];
      if (size !== undefined && !name.includes("*")) symbols.set(name, size / factor);
    }
  }
  return symbols;
}

/** The value of one node from the values of its operands. */
export function evaluate(node: Tensor, inputs: readonly Array64[], shape: readonly number[], feeds: Feeds): Array64 {
  const { op } = node;
  if (op.kind === "constant") return { shape, data: Float64Array.from(op.data) };
  if (op.kind === "input" || op.kind === "parameter") {
    const fed = feeds[op.name];
    if (fed === undefined) throw new TypeError(`interpret: ${op.kind} ${op.name} has no value`);
    if (fed.dims.join() !== shape.join()) throw new TypeError(`interpret: ${op.name} must be ${shapeText(shape)}, got ${shapeText(fed.dims)}`);
    return { shape, data: Float64Array.from(fed.data, Number) };
  }
  const rule = rules[op.kind] as Rule<Computed>;
  return { shape, data: rule(op, inputs, shape) };
}

type Computed = Exclude<OpKind, "input" | "parameter" | "constant">;
type Rule<K extends OpKind> = (op: OpOf<K>, inputs: readonly Array64[], shape: readonly number[]) => Float64Array;

const product = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);

const map = (f: (x: number) => number) => (_op: unknown, [x]: readonly Array64[]): Float64Array => some(x).data.map(f);

function zip(f: (a: number, b: number) => number) {
  return (_op: unknown, [a, b]: readonly Array64[], shape: readonly number[]): Float64Array => {
    const x = stretch(some(a), shape), y = stretch(some(b), shape);
    return x.map((value, i) => f(value, y[i] ?? 0));
  };
}

/** Row-major strides. */
function stridesOf(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] ?? 1) * (shape[i + 1] ?? 1);
  return strides;
}

/** Calls `f` with every multi-index of `shape` in row-major order; the index array is reused. */
function forEachIndex(shape: readonly number[], f: (index: readonly number[], flat: number) => void): void {
  const index = shape.map(() => 0);
  const total = product(shape);
  for (let flat = 0; flat < total; flat++) {
    f(index, flat);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      if ((index[axis] ?? 0) < (shape[axis] ?? 0)) break;
      index[axis] = 0;
    }
  }
}

/** Copies by a map from output index to flat input position; a negative position is a zero. */
function pick(x: Array64, shape: readonly number[], position: (index: readonly number[]) => number): Float64Array {
  const out = new Float64Array(product(shape));
  forEachIndex(shape, (index, flat) => {
    const from = position(index);
    out[flat] = from < 0 ? 0 : num(x.data, from);
  });
  return out;
}

const dot = (index: readonly number[], strides: readonly number[]): number => index.reduce((s, i, axis) => s + i * (strides[axis] ?? 0), 0);

function stretch(x: Array64, shape: readonly number[]): Float64Array {
  if (x.shape.join() === shape.join()) return x.data;
  const extra = shape.length - x.shape.length;
  const own = stridesOf(x.shape);
  const strides = shape.map((_, i) => (i < extra || x.shape[i - extra] === 1 ? 0 : (own[i - extra] ?? 0)));
  return pick(x, shape, (index) => dot(index, strides));
}

function reduceBy(start: number, f: (acc: number, x: number) => number, finish: (acc: number, n: number) => number = (acc) => acc) {
  return (op: { axes: readonly number[] }, [x0]: readonly Array64[], shape: readonly number[]): Float64Array => {
    const x = some(x0);
    const out = new Float64Array(product(shape)).fill(start);
    const kept = x.shape.map((d, i) => (op.axes.includes(i) ? 1 : d));
    const strides = stridesOf(kept).map((s, i) => (op.axes.includes(i) ? 0 : s));
    forEachIndex(x.shape, (index, flat) => {
      const to = dot(index, strides);
      out[to] = f(num(out, to), num(x.data, flat));
    });
    return out.map((acc) => finish(acc, x.data.length / out.length));
  };
}

/** Applies `f` to each run of `length` consecutive values. */
function rows(x: Float64Array, length: number, f: (row: Float64Array, i: number) => Float64Array): Float64Array {
  const out = new Float64Array(x.length);
  for (let i = 0; i * length < x.length; i++) out.set(f(x.subarray(i * length, (i + 1) * length), i), i * length);
  return out;
}

function softmaxRow(row: Float64Array): Float64Array {
  const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
  const e = row.map((x) => Math.exp(x - top));
  const total = e.reduce((a, b) => a + b, 0);
  return e.map((x) => x / total);
}

function normaliseRow(row: Float64Array, eps: number): Float64Array {
  const mean = row.reduce((a, b) => a + b, 0) / row.length;
  const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length;
  return row.map((x) => (x - mean) / Math.sqrt(variance + eps));
}

/** Calls `f(input, weight, output)` with the flat positions of every product of a convolution. */
function forEachTap(g: ConvGeometry, x: readonly number[], w: readonly number[], y: readonly number[], f: (xi: number, wi: number, yi: number) => void): void {
  const [, c, h, width] = x as [number, number, number, number];
  const [o, , kh, kw] = w as [number, number, number, number];
  const [xs, ws, ys] = [stridesOf(x), stridesOf(w), stridesOf(y)];
  forEachIndex([at(y, 0), o, at(y, 2), at(y, 3), c, kh, kw], ([n = 0, oc = 0, oy = 0, ox = 0, ic = 0, ky = 0, kx = 0]) => {
    const iy = oy * g.stride + ky - g.pads.top, ix = ox * g.stride + kx - g.pads.left;
    if (iy < 0 || ix < 0 || iy >= h || ix >= width) return;
    f(dot([n, ic, iy, ix], xs), dot([oc, ic, ky, kx], ws), dot([n, oc, oy, ox], ys));
  });
}

const layerNormRows = (x: Array64, eps: number, weight: Float64Array, bias: Float64Array): Float64Array =>
  rows(x.data, at(x.shape, -1), (row) => normaliseRow(row, eps).map((v, j) => v * num(weight, j) + num(bias, j)));

const rules: { [K in Computed]: Rule<K> } = {
  neg: map((x) => -x), exp: map(Math.exp), log: map(Math.log), sqrt: map(Math.sqrt), tanh: map(Math.tanh),
  sigmoid: map((x) => 1 / (1 + Math.exp(-x))), erf: map(erf), sin: map(Math.sin), cos: map(Math.cos), abs: map(Math.abs), sign: map(Math.sign),
  gelu: map((x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2))),
  quickGelu: ({ alpha }, [x]) => some(x).data.map((v) => v / (1 + Math.exp(-alpha * v))),
  add: zip((a, b) => a + b), sub: zip((a, b) => a - b), mul: zip((a, b) => a * b), div: zip((a, b) => a / b), maximum: zip(Math.max),

  matmul(_op, [a0, b0], shape) {
    const a = some(a0), b = some(b0);
    const [m, n, k] = [at(shape, -2), at(shape, -1), at(a.shape, -1)];
    const batch = shape.slice(0, -2);
    const x = stretch(a, [...batch, m, k]), y = stretch(b, [...batch, k, n]);
    const out = new Float64Array(product(shape));
    for (let i = 0; i < product(batch); i++) {
      for (let r = 0; r < m; r++) for (let c = 0; c < n; c++) {
        let total = 0;
        for (let j = 0; j < k; j++) total += num(x, (i * m + r) * k + j) * num(y, (i * k + j) * n + c);
        out[(i * m + r) * n + c] = total;
      }
    }
    return out;
  },
  attention({ heads, causal }, [q0, k0, v0], shape) {
    const q = some(q0), k = some(k0), v = some(v0);
    const [batch, length, width] = shape as [number, number, number];
    const keys = at(k.shape, 1), d = width / heads;
    const out = new Float64Array(product(shape));
    forEachIndex([batch, heads, length], ([b = 0, h = 0, i = 0]) => {
      const logits = Float64Array.from({ length: keys }, (_, j) => {
        if (causal && j > i) return -1e9;
        let total = 0;
        for (let e = 0; e < d; e++) total += num(q.data, (b * length + i) * width + h * d + e) * num(k.data, (b * keys + j) * width + h * d + e);
        return total / Math.sqrt(d);
      });
      softmaxRow(logits).forEach((p, j) => {
        for (let e = 0; e < d; e++) {
          const to = (b * length + i) * width + h * d + e;
          out[to] = num(out, to) + p * num(v.data, (b * keys + j) * width + h * d + e);
        }
      });
    });
    return out;
  },
  conv(op, [x0, w0, bias], shape) {
    const x = some(x0), w = some(w0);
    const [, o, h, width] = shape as [number, number, number, number];
    const out = new Float64Array(product(shape)).map((_, i) => (bias === undefined ? 0 : num(bias.data, Math.floor(i / (h * width)) % o)));
    forEachTap(op, x.shape, w.shape, shape, (xi, wi, yi) => { out[yi] = num(out, yi) + num(x.data, xi) * num(w.data, wi); });
    return out;
  },
  convInputGrad(op, [g0, w0], shape) {
    const g = some(g0), w = some(w0);
    const out = new Float64Array(product(shape));
    forEachTap(op, shape, w.shape, g.shape, (xi, wi, yi) => { out[xi] = num(out, xi) + num(g.data, yi) * num(w.data, wi); });
    return out;
  },
  convWeightGrad(op, [x0, g0], shape) {
    const x = some(x0), g = some(g0);
    const out = new Float64Array(product(shape));
    forEachTap(op, x.shape, shape, g.shape, (xi, wi, yi) => { out[wi] = num(out, wi) + num(x.data, xi) * num(g.data, yi); });
    return out;
  },

  reshape: (_op, [x]) => some(x).data,
  transpose({ perm }, [x0], shape) {
    const x = some(x0);
    const own = stridesOf(x.shape);
    return pick(x, shape, (index) => dot(index, perm.map((p) => at(own, p))));
  },
  broadcast: (_op, [x], shape) => stretch(some(x), shape),
  concat({ axis }, inputs, shape) {
    const out = new Float64Array(product(shape));
    const to = stridesOf(shape);
    let offset = 0;
    for (const x of inputs) {
      forEachIndex(x.shape, (index, flat) => { out[dot(index, to) + offset * at(to, axis)] = num(x.data, flat); });
      offset += at(x.shape, axis);
    }
    return out;
  },
  slice({ axis, start }, [x0], shape) {
    const x = some(x0);
    const own = stridesOf(x.shape);
    return pick(x, shape, (index) => dot(index, own) + start * at(own, axis));
  },
  pad({ axis, before }, [x0], shape) {
    const x = some(x0);
    const own = stridesOf(x.shape);
    return pick(x, shape, (index) => {
      const i = at(index, axis) - before;
      return i < 0 || i >= at(x.shape, axis) ? -1 : dot(index, own) - before * at(own, axis);
    });
  },
  upsample(_op, [x0], shape) {
    const x = some(x0);
    const own = stridesOf(x.shape);
    return pick(x, shape, ([n = 0, c = 0, i = 0, j = 0]) => dot([n, c, i >> 1, j >> 1], own));
  },
  gather(_op, [table0, ids0], shape) {
    const table = some(table0), ids = some(ids0);
    const width = at(shape, -1);
    return new Float64Array(product(shape)).map((_, i) => num(table.data, num(ids.data, Math.floor(i / width)) * width + (i % width)));
  },
  scatterAdd(_op, [ids0, updates0], shape) {
    const ids = some(ids0), updates = some(updates0);
    const width = at(shape, -1);
    const out = new Float64Array(product(shape));
    updates.data.forEach((u, i) => {
      const to = num(ids.data, Math.floor(i / width)) * width + (i % width);
      out[to] = num(out, to) + u;
    });
    return out;
  },

  sum: reduceBy(0, (acc, x) => acc + x),
  mean: reduceBy(0, (acc, x) => acc + x, (acc, n) => acc / n),
  max: reduceBy(-Infinity, Math.max),
  softmax: (_op, [x], shape) => rows(some(x).data, at(shape, -1), softmaxRow),
  layerNorm: ({ eps }, [x, w, b]) => layerNormRows(some(x), eps, some(w).data, some(b).data),
  groupNorm({ groups, eps }, [x, w, b], [n = 1, c = 1, h = 1, width = 1]) {
    const [weight, bias] = [some(w).data, some(b).data];
    const normalised = rows(some(x).data, (c / groups) * h * width, (row) => normaliseRow(row, eps));
    return normalised.map((v, i) => {
      const channel = Math.floor(i / (h * width)) % c;
      return v * num(weight, channel) + num(bias, channel);
    }).subarray(0, n * c * h * width);
  },
};

/** erf to double precision: Maclaurin series below 2.5, continued fraction of erfc above (Abramowitz & Stegun 7.1.5, 7.1.14). */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 2.5) {
    let term = a, total = a;
    for (let n = 1; Math.abs(term) > 1e-17 * total; n++) {
      term *= -(a * a) / n;
      total += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * total) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

const num = (data: ArrayLike<number>, i: number): number => data[i] ?? NaN;

function some<T>(x: T | undefined): T {
  if (x === undefined) throw new TypeError("interpret: operand is missing");
  return x;
}
