import { at, evaluateDim, sizeOf } from "./dim.ts";
import type { Shape } from "./dim.ts";
import { nodesOf } from "./graph.ts";
import type { Graph } from "./graph.ts";
import type { OpKind, OpOf, Tensor } from "./tensor.ts";

/** Multiplications of a primitive, each with its addition, from its operands and its result. */
type MacRule<K extends OpKind> = (op: OpOf<K>, inputs: readonly Tensor[], y: Tensor, size: (shape: Shape) => number) => number;

/**
 * Floating-point operations of one run, two per multiplication of a contraction: what the direct algorithm needs, whatever
 * a lowering makes of it. Normalisations, activations and layout count nothing (below 1 % in these networks).
 *
 * @param symbols a value for every symbol of the graph's shapes
 * @throws RangeError for a symbol without a value
 */
export function flopsOf(graph: Graph, symbols: Readonly<Record<string, number>> = {}): number {
  const values = new Map(Object.entries(symbols));
  const size = (shape: Shape): number => evaluateDim(sizeOf(shape), values);
  return 2 * nodesOf(graph).reduce((total, y) => total + (macRules[y.op.kind] as MacRule<OpKind>)(y.op, y.inputs, y, size), 0);
}

const none = (): number => 0;

const operand = (inputs: readonly Tensor[], i: number): Shape => at(inputs, i).shape;

const macRules: { [K in OpKind]: MacRule<K> } = {
  input: none, parameter: none, constant: none,
  neg: none, exp: none, log: none, sqrt: none, tanh: none, sigmoid: none, erf: none, sin: none, cos: none, abs: none, sign: none, gelu: none,
  quickGelu: none, add: none, sub: none, mul: none, div: none, maximum: none,
  matmul: (_op, inputs, y, size) => size([...y.shape, at(operand(inputs, 0), -1)]),
  // Scores and their weighted sum; a causal mask leaves out half of both, which no kernel here does.
  attention: (_op, inputs, y, size) => 2 * size([...y.shape, at(operand(inputs, 1), 1)]),
  conv: (_op, inputs, y, size) => size([...y.shape, ...operand(inputs, 1).slice(1)]),
  convInputGrad: (_op, inputs, _y, size) => size([...operand(inputs, 0), ...operand(inputs, 1).slice(1)]),
  convWeightGrad: (op, inputs, _y, size) => size([...operand(inputs, 1), at(operand(inputs, 0), 1), ...op.kernel]),
  reshape: none, transpose: none, broadcast: none, concat: none, slice: none, pad: none, upsample: none, gather: none, scatterAdd: none,
  sum: none, mean: none, max: none, softmax: none, layerNorm: none, groupNorm: none,
};
