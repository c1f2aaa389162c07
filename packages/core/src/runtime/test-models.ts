/** Small ONNX models for this folder's tests and benchmark, written node by node. */
import { create, toBinary } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { ATTRIBUTE, EXTERNAL, IR_VERSION, OPSET } from "../graph/onnx/format.ts";
import { ModelProtoSchema, type AttributeProtoSchema, type NodeProtoSchema, type TensorProtoSchema, type ValueInfoProtoSchema } from "../graph/onnx/onnx_pb.ts";
import type { HostDType, HostTensor } from "../session.ts";

/** onnx.TensorProto.DataType of each host type. */
const ELEMENT: Readonly<Record<HostDType, number>> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11 };

/** A graph input or output: `dims` may name a dimension. */
export type Port = { name: string; dims: readonly (number | string)[]; dtype?: HostDType };

/** A constant, its bytes inside the model or in a file beside it. */
export type Weight = { name: string; dims: readonly number[]; dtype?: HostDType; data: Uint8Array | { location: string; offset: number; length: number } };

/** One operator: integer attributes, and `to` of Cast, are all that these models need. */
export type Op = { type: string; inputs: readonly string[]; outputs: readonly string[]; ints?: Readonly<Record<string, readonly number[] | number>> };

/** Encodes a model. */
export function encodeModel(model: { inputs: readonly Port[]; outputs: readonly Port[]; weights?: readonly Weight[]; ops: readonly Op[] }): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(IR_VERSION),
      opsetImport: [{ domain: "", version: BigInt(OPSET) }],
      graph: { name: "test", input: model.inputs.map(port), output: model.outputs.map(port), initializer: (model.weights ?? []).map(weight), node: model.ops.map(node) },
    }),
  );
}

/** The bytes of a typed array. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function port({ name, dims, dtype = "float32" }: Port): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = dims.map((d) => ({ value: typeof d === "number" ? ({ case: "dimValue", value: BigInt(d) } as const) : ({ case: "dimParam", value: d } as const) }));
  return { name, type: { value: { case: "tensorType", value: { elemType: ELEMENT[dtype], shape: { dim } } } } };
}

function weight({ name, dims, dtype = "float32", data }: Weight): MessageInitShape<typeof TensorProtoSchema> {
  const common = { name, dims: dims.map(BigInt), dataType: ELEMENT[dtype] };
  if (data instanceof Uint8Array) return { ...common, rawData: data };
  const externalData = Object.entries(data).map(([key, value]) => ({ key, value: String(value) }));
  return { ...common, externalData, dataLocation: EXTERNAL };
}

function node({ type, inputs, outputs, ints = {} }: Op): MessageInitShape<typeof NodeProtoSchema> {
  const attribute = Object.entries(ints).map(([name, value]): MessageInitShape<typeof AttributeProtoSchema> =>
    typeof value === "number" ? { name, i: BigInt(value), type: ATTRIBUTE.int } : { name, ints: value.map(BigInt), type: ATTRIBUTE.ints },
  );
  return { opType: type, input: [...inputs], output: [...outputs], attribute };
}

/** y = x * 2 for any dims and element type that Add takes. */
export function doubling(dtype: HostDType, dims: readonly (number | string)[]): Uint8Array {
  return encodeModel({ inputs: [{ name: "x", dims, dtype }], outputs: [{ name: "y", dims, dtype }], ops: [{ type: "Add", inputs: ["x", "x"], outputs: ["y"] }] });
}

/** One training step of a toy: `next` = weight * factor, `sum` = the sum of `next`. */
export function shrinking(size: number): Uint8Array {
  return encodeModel({
    inputs: [{ name: "weight", dims: [size] }, { name: "factor", dims: [1] }],
    outputs: [{ name: "next", dims: [size] }, { name: "sum", dims: [1] }],
    ops: [{ type: "Mul", inputs: ["weight", "factor"], outputs: ["next"] }, { type: "ReduceSum", inputs: ["next"], outputs: ["sum"], ints: { keepdims: 1 } }],
  });
}

/** Multiplies two n x n matrices `rounds` times: a run as long as one likes. */
export function busyModel(n: number, rounds: number): Uint8Array {
  const ops = Array.from({ length: rounds }, (_, i): Op => ({ type: "MatMul", inputs: [i === 0 ? "x" : `m${i - 1}`, "w"], outputs: [i === rounds - 1 ? "y" : `m${i}`] }));
  return encodeModel({ inputs: [{ name: "x", dims: [n, n] }, { name: "w", dims: [n, n] }], outputs: [{ name: "y", dims: [n, n] }], ops });
}

/** A convolutional network of `layers` 3x3 layers and one matrix product, with float16 weights in a file beside it. */
export type ExternalNet = { onnx: Uint8Array; weights: Uint8Array; weightBytes: number };

/**
 * Builds an `ExternalNet`. The weights file has a safetensors-like head of 8 + 1000 bytes, so that every offset is a
 * multiple of 8 and of nothing larger; weights are widened to float32 by Cast, as an imported bundle's are.
 */
export function externalNet({ channels, layers, size, location = "weights.safetensors" }: { channels: number; layers: number; size: number; location?: string }): ExternalNet {
  const HEAD = 1008;
  const shapes = [...Array.from({ length: layers }, () => [channels, channels, 3, 3]), [size * size, size * size]];
  const counts = shapes.map((dims) => dims.reduce((product, dim) => product * dim, 1));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const weights = new Uint8Array(HEAD + 2 * total);
  const words = new Uint16Array(weights.buffer, HEAD);
  // Halves of either sign, small enough for the activations to stay in range: sign, exponent 2^-6 or 2^-7, mantissa.
  let state = 1;
  for (let i = 0; i < total; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[i] = (state >>> 31 << 15) | (8 + ((state >>> 30) & 1)) << 10 | (state >>> 16 & 0x3ff);
  }
  let at = HEAD;
  const ops: Op[] = [];
  const initializers = shapes.map((dims, i): Weight => {
    const length = 2 * (counts[i] ?? 0);
    const weight: Weight = { name: `w${i}`, dims, dtype: "float16", data: { location, offset: at, length } };
    at += length;
    const input = i === 0 ? "x" : `h${i - 1}`;
    ops.push({ type: "Cast", inputs: [`w${i}`], outputs: [`c${i}`], ints: { to: ELEMENT.float32 } });
    if (i < layers) ops.push({ type: "Conv", inputs: [input, `c${i}`], outputs: [`h${i}`], ints: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } });
    else ops.push({ type: "Reshape", inputs: [input, "flat"], outputs: ["rows"] }, { type: "MatMul", inputs: ["rows", `c${i}`], outputs: ["y"] });
    return weight;
  });
  initializers.push({ name: "flat", dims: [2], dtype: "int64", data: bytesOf(BigInt64Array.of(BigInt(channels), BigInt(size * size))) });
  const onnx = encodeModel({
    inputs: [{ name: "x", dims: [1, channels, size, size] }],
    outputs: [{ name: "y", dims: [channels, size * size] }],
    weights: initializers,
    ops,
  });
  return { onnx, weights, weightBytes: 4 * total };
}

/** A float32 tensor of small numbers, some of them negative. */
export function ramp(dims: readonly number[]): Extract<HostTensor, { dtype: "float32" }> {
  const size = dims.reduce((product, dim) => product * dim, 1);
  return { dtype: "float32", dims, data: Float32Array.from({ length: size }, (_, i) => ((i * 37) % 101) / 101 - 0.5) };
}
