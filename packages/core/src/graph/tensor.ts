import type { Dim, Shape } from "./dim.ts";

/** float16 appears only in weight files and in lowered graphs; tensor functions compute in float32. */
export type DType = "float32" | "float16" | "int64" | "bool";

/** Zero padding of a convolution, in pixels. */
export type Pads = { top: number; left: number; bottom: number; right: number };

export type ConvGeometry = { stride: number; pads: Pads };

/**
 * The primitives. Each has an entry in the total tables `infer` (shape and dtype), `vjp` (gradient), `interpret`
 * (float64 meaning) and `onnx/lower`; a new member here does not compile until every table has it.
 */
export type Op =
  // leaves
  | { kind: "input"; name: string }
  | { kind: "parameter"; name: string }
  | { kind: "constant"; data: ArrayLike<number> }
  // elementwise
  | { kind: "neg" | "exp" | "log" | "sqrt" | "tanh" | "sigmoid" | "erf" | "sin" | "cos" | "abs" | "sign" | "gelu" }
  | { kind: "quickGelu"; alpha: number }
  | { kind: "add" | "sub" | "mul" | "div" | "maximum" }
  // contractions
  | { kind: "matmul" }
  | { kind: "attention"; heads: number; causal: boolean }
  | ({ kind: "conv" } & ConvGeometry)
  | ({ kind: "convInputGrad"; inputShape: Shape } & ConvGeometry)
  | ({ kind: "convWeightGrad"; kernel: readonly [number, number] } & ConvGeometry)
  // layout
  | { kind: "reshape"; shape: Shape }
  | { kind: "transpose"; perm: readonly number[] }
  | { kind: "broadcast"; shape: Shape }
  | { kind: "concat"; axis: number }
  | { kind: "slice"; axis: number; start: number; end: Dim }
  | { kind: "pad"; axis: number; before: number; after: Dim }
  | { kind: "upsample" }
  | { kind: "gather" }
  | { kind: "scatterAdd"; rows: number }
  // reductions and normalisations
  | { kind: "sum" | "mean" | "max"; axes: readonly number[]; keepDims: boolean }
  | { kind: "softmax" }
  | { kind: "layerNorm"; eps: number }
  | { kind: "groupNorm"; groups: number; eps: number };

export type OpKind = Op["kind"];
export type OpOf<K extends OpKind> = Op & { kind: K };

/**
 * A value of a traced function: the operation that makes it and its operands. Tensors are immutable nodes of a directed
 * acyclic graph; tracing a function is calling it, and a graph is whatever its outputs reach.
 */
export type Tensor = {
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  readonly shape: Shape;
  readonly dtype: DType;
};
