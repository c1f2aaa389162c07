import { addDims, at, dimText, floorDivDim, mulDims, sameDim, sameShape, shapeText, sizeOf } from "./dim.ts";
import type { Dim, Shape } from "./dim.ts";
import type { ConvGeometry, DType, Op, OpKind, OpOf, Tensor } from "./tensor.ts";

export type Inferred = { shape: Shape; dtype: DType };

type InferRule<K extends OpKind> = (op: OpOf<K>, inputs: readonly Tensor[]) => Inferred;

/** Shape and dtype of `op` applied to `inputs`. @throws TypeError that names the primitive and the offending shapes. */
export function infer(op: Op, inputs: readonly Tensor[]): Inferred {
  const rule = inferRules[op.kind] as InferRule<OpKind>;
  return rule(op, inputs);
}

function fail(op: { kind: string }, message: string): never {
  throw new TypeError(`${op.kind}: ${message}`);
}

function operand(op: { kind: string }, inputs: readonly Tensor[], i: number, dtype: DType = "float32", rank?: number): Tensor {
  const x = inputs[i];
  if (x === undefined) fail(op, `operand ${i} is missing`);
  if (x.dtype !== dtype) fail(op, `operand ${i} must be ${dtype}, got ${x.dtype}${shapeText(x.shape)}`);
  if (rank !== undefined && x.shape.length !== rank) fail(op, `operand ${i} must have rank ${rank}, got ${shapeText(x.shape)}`);
  return x;
}

/** Numpy's broadcasting: sizes match from the right, 1 stretches. */
function broadcastShapes(op: { kind: string }, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x: Dim = a[i - rank + a.length] ?? 1;
    const y: Dim = b[i - rank + b.length] ?? 1;
    if (sameDim(x, y) || y === 1) return x;
    if (x === 1) return y;
    return fail(op, `shapes ${shapeText(a)} and ${shapeText(b)} do not broadcast`);
  });
}

const unary = (op: Op, inputs: readonly Tensor[]): Inferred => ({ shape: operand(op, inputs, 0).shape, dtype: "float32" });

const binary = (op: Op, inputs: readonly Tensor[]): Inferred => ({
  shape: broadcastShapes(op, operand(op, inputs, 0).shape, operand(op, inputs, 1).shape),
  dtype: "float32",
});

const reduction = (op: OpOf<"sum" | "mean" | "max">, inputs: readonly Tensor[]): Inferred => {
  const { shape } = operand(op, inputs, 0);
  for (const axis of op.axes) if (axis < 0 || axis >= shape.length) fail(op, `axis ${axis} is outside ${shapeText(shape)}`);
  const kept = shape.map((d, i) => (op.axes.includes(i) ? 1 : d));
  return { shape: op.keepDims ? kept : kept.filter((_, i) => !op.axes.includes(i)), dtype: "float32" };
};

const leaf = (op: Op): Inferred => fail(op, "leaves carry their own shape and are not inferred");

/** Output size of a convolution along one axis: floor((size + pads - kernel) / stride) + 1. */
const convSize = (size: Dim, before: number, after: number, kernel: number, stride: number): Dim =>
  addDims(floorDivDim(addDims(size, before + after - kernel), stride), 1);

function kernelOf(op: { kind: string }, weight: Tensor): [number, number] {
  const [, , kh, kw] = weight.shape;
  if (typeof kh !== "number" || typeof kw !== "number") fail(op, `kernel of ${shapeText(weight.shape)} must be static`);
  return [kh, kw];
}

function spatialOut(g: ConvGeometry, h: Dim, w: Dim, [kh, kw]: readonly [number, number]): [Dim, Dim] {
  return [convSize(h, g.pads.top, g.pads.bottom, kh, g.stride), convSize(w, g.pads.left, g.pads.right, kw, g.stride)];
}

const inferRules: { [K in OpKind]: InferRule<K> } = {
  input: leaf,
  parameter: leaf,
  constant: leaf,
  neg: unary, exp: unary, log: unary, sqrt: unary, tanh: unary, sigmoid: unary, erf: unary, sin: unary, cos: unary,
  abs: unary, sign: unary, gelu: unary, quickGelu: unary,
  add: binary, sub: binary, mul: binary, div: binary, maximum: binary,

  matmul(op, inputs) {
    const a = operand(op, inputs, 0), b = operand(op, inputs, 1);
    if (a.shape.length < 2 || b.shape.length < 2) fail(op, `needs matrices, got ${shapeText(a.shape)} and ${shapeText(b.shape)}`);
    if (!sameDim(at(a.shape, -1), at(b.shape, -2))) fail(op, `${shapeText(a.shape)} x ${shapeText(b.shape)}: inner sizes differ`);
    const batch = broadcastShapes(op, a.shape.slice(0, -2), b.shape.slice(0, -2));
    return { shape: [...batch, at(a.shape, -2), at(b.shape, -1)], dtype: "float32" };
  },
  attention(op, inputs) {
    const [q, k, v] = [operand(op, inputs, 0, "float32", 3), operand(op, inputs, 1, "float32", 3), operand(op, inputs, 2, "float32", 3)];
    const width = at(q.shape, 2);
    if (typeof width !== "number" || width % op.heads !== 0) fail(op, `width ${dimText(width)} is not divisible by ${op.heads} heads`);
    if (!sameShape(k.shape, v.shape)) fail(op, `k ${shapeText(k.shape)} and v ${shapeText(v.shape)} differ`);
    if (!sameDim(at(k.shape, 2), width) || !sameDim(at(k.shape, 0), at(q.shape, 0))) {
      fail(op, `q ${shapeText(q.shape)} and k ${shapeText(k.shape)} must agree in batch and width`);
    }
    return { shape: q.shape, dtype: "float32" };
  },
  conv(op, inputs) {
    const x = operand(op, inputs, 0, "float32", 4), weight = operand(op, inputs, 1, "float32", 4);
    if (!sameDim(at(x.shape, 1), at(weight.shape, 1))) fail(op, `input ${shapeText(x.shape)} and weight ${shapeText(weight.shape)} differ in channels`);
    if (inputs.length > 2 && !sameShape(operand(op, inputs, 2).shape, [at(weight.shape, 0)])) {
      fail(op, `bias must be [${dimText(at(weight.shape, 0))}], got ${shapeText(operand(op, inputs, 2).shape)}`);
    }
    const [h, w] = spatialOut(op, at(x.shape, 2), at(x.shape, 3), kernelOf(op, weight));
    return { shape: [at(x.shape, 0), at(weight.shape, 0), h, w], dtype: "float32" };
  },
  convInputGrad(op, inputs) {
    const g = operand(op, inputs, 0, "float32", 4), weight = operand(op, inputs, 1, "float32", 4);
    const [n, c, h, w] = op.inputShape;
    if (n === undefined || c === undefined || h === undefined || w === undefined) fail(op, "inputShape must have rank 4");
    const [oh, ow] = spatialOut(op, h, w, kernelOf(op, weight));
    if (!sameShape(g.shape, [n, at(weight.shape, 0), oh, ow]) || !sameDim(c, at(weight.shape, 1))) {
      fail(op, `gradient ${shapeText(g.shape)} and weight ${shapeText(weight.shape)} do not fit an input of ${shapeText(op.inputShape)}`);
    }
    return { shape: op.inputShape, dtype: "float32" };
  },
  convWeightGrad(op, inputs) {
    const x = operand(op, inputs, 0, "float32", 4), g = operand(op, inputs, 1, "float32", 4);
    const [oh, ow] = spatialOut(op, at(x.shape, 2), at(x.shape, 3), op.kernel);
    if (!sameShape(g.shape, [at(x.shape, 0), at(g.shape, 1), oh, ow])) fail(op, `gradient ${shapeText(g.shape)} does not fit input ${shapeText(x.shape)}`);
    return { shape: [at(g.shape, 1), at(x.shape, 1), ...op.kernel], dtype: "float32" };
  },

  reshape(op, inputs) {
    const x = operand(op, inputs, 0, inputs[0]?.dtype);
    if (!sameDim(sizeOf(x.shape), sizeOf(op.shape))) fail(op, `${shapeText(x.shape)} does not hold as many elements as ${shapeText(op.shape)}`);
    return { shape: op.shape, dtype: x.dtype };
  },
  transpose(op, inputs) {
    const x = operand(op, inputs, 0, inputs[0]?.dtype, op.perm.length);
    if (new Set(op.perm).size !== op.perm.length) fail(op, `[${op.perm.join(", ")}] is no permutation`);
    return { shape: op.perm.map((p) => at(x.shape, p)), dtype: x.dtype };
  },
  broadcast(op, inputs) {
    const x = operand(op, inputs, 0, inputs[0]?.dtype);
    if (!sameShape(broadcastShapes(op, x.shape, op.shape), op.shape)) fail(op, `${shapeText(x.shape)} does not broadcast to ${shapeText(op.shape)}`);
    return { shape: op.shape, dtype: x.dtype };
  },
  concat(op, inputs) {
    const first = operand(op, inputs, 0, inputs[0]?.dtype);
    let total: Dim = 0;
    for (const x of inputs) {
      const fits = x.dtype === first.dtype && x.shape.length === first.shape.length
        && x.shape.every((d, i) => i === op.axis || sameDim(d, at(first.shape, i)));
      if (!fits) fail(op, `${x.dtype}${shapeText(x.shape)} does not join ${first.dtype}${shapeText(first.shape)} along axis ${op.axis}`);
      total = addDims(total, at(x.shape, op.axis));
    }
    return { shape: first.shape.map((d, i) => (i === op.axis ? total : d)), dtype: first.dtype };
  },
  slice(op, inputs) {
    const x = operand(op, inputs, 0, inputs[0]?.dtype);
    const size = at(x.shape, op.axis);
    const length = addDims(op.end, -op.start);
    if (op.start < 0 || (typeof length === "number" && length < 1) || (typeof op.end === "number" && typeof size === "number" && op.end > size)) {
      fail(op, `${op.start}..${dimText(op.end)} is outside axis ${op.axis} of ${shapeText(x.shape)}`);
    }
    return { shape: x.shape.map((d, i) => (i === op.axis ? length : d)), dtype: x.dtype };
  },
  pad(op, inputs) {
    const x = operand(op, inputs, 0);
    if (op.axis >= x.shape.length) fail(op, `axis ${op.axis} is outside ${shapeText(x.shape)}`);
    return { shape: x.shape.map((d, i) => (i === op.axis ? addDims(addDims(d, op.before), op.after) : d)), dtype: "float32" };
  },
  upsample(op, inputs) {
    const [n, c, h, w] = operand(op, inputs, 0, "float32", 4).shape as readonly [Dim, Dim, Dim, Dim];
    return { shape: [n, c, mulDims(h, 2), mulDims(w, 2)], dtype: "float32" };
  },
  gather(op, inputs) {
    const table = operand(op, inputs, 0, "float32", 2), ids = operand(op, inputs, 1, "int64");
    return { shape: [...ids.shape, at(table.shape, 1)], dtype: "float32" };
  },
  scatterAdd(op, inputs) {
    const ids = operand(op, inputs, 0, "int64"), updates = operand(op, inputs, 1);
    if (!sameShape(updates.shape.slice(0, -1), ids.shape)) fail(op, `updates ${shapeText(updates.shape)} do not fit ids ${shapeText(ids.shape)}`);
    return { shape: [op.rows, at(updates.shape, -1)], dtype: "float32" };
  },

  sum: reduction, mean: reduction, max: reduction,
  softmax: unary,
  layerNorm(op, inputs) {
    const x = operand(op, inputs, 0);
    for (const i of [1, 2]) {
      if (!sameShape(operand(op, inputs, i).shape, [at(x.shape, -1)])) fail(op, `operand ${i} must be [${dimText(at(x.shape, -1))}], got ${shapeText(operand(op, inputs, i).shape)}`);
    }
    return { shape: x.shape, dtype: "float32" };
  },
  groupNorm(op, inputs) {
    const x = operand(op, inputs, 0, "float32", 4);
    const channels = at(x.shape, 1);
    if (typeof channels !== "number" || channels % op.groups !== 0) fail(op, `${dimText(channels)} channels are not divisible by ${op.groups} groups`);
    for (const i of [1, 2]) {
      if (!sameShape(operand(op, inputs, i).shape, [channels])) fail(op, `operand ${i} must be [${channels}], got ${shapeText(operand(op, inputs, i).shape)}`);
    }
    return { shape: x.shape, dtype: "float32" };
  },
};
