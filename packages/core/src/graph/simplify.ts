import { sameShape, shapeText, sizeOf } from "./dim.ts";
import { nodesOf } from "./graph.ts";
import type { Graph } from "./graph.ts";
import { evaluate } from "./interpret.ts";
import type { Array64 } from "./interpret.ts";
import { infer } from "./infer.ts";
import { constant, mul, reshape, transpose } from "./ops.ts";
import { opText } from "./print.ts";
import type { Tensor } from "./tensor.ts";

/** Constants up to this many elements are folded and compared by value; larger ones by identity. */
const SMALL = 4096;

/**
 * Rewrites a graph to an equal, smaller one: folds constants, drops identities, lets elementwise operations broadcast
 * by themselves, and shares equal subexpressions. One pass, operands before results, so each rule sees simplified
 * operands. Inputs and outputs keep their names; unused inputs stay declared.
 */
export function simplify(graph: Graph): Graph {
  const simplified = new Map<Tensor, Tensor>();
  const unique = new Map<string, Tensor>();
  const ids = new Map<Tensor, number>();

  const share = (x: Tensor): Tensor => {
    const key = keyOf(x, ids);
    if (key === null) return remember(x, ids);
    const twin = unique.get(key);
    if (twin !== undefined) return twin;
    unique.set(key, x);
    return remember(x, ids);
  };
  const shareDeep = (x: Tensor): Tensor => {
    if (ids.has(x)) return x;
    const inputs = x.inputs.map(shareDeep);
    return share(inputs.every((y, i) => y === x.inputs[i]) ? x : { ...x, inputs });
  };

  for (const node of nodesOf(graph)) {
    const inputs = node.inputs.map((x) => simplified.get(x) ?? x);
    const rebuilt = inputs.every((x, i) => x === node.inputs[i]) ? node : { ...node, inputs };
    simplified.set(node, shareDeep(rewrite(rebuilt)));
  }
  const outputs = Object.fromEntries(Object.entries(graph.outputs).map(([name, x]) => [name, simplified.get(x) ?? x]));
  return { ...graph, outputs };
}

function remember(x: Tensor, ids: Map<Tensor, number>): Tensor {
  if (!ids.has(x)) ids.set(x, ids.size);
  return x;
}

/** Text that is equal for nodes that compute the same; null for leaves, which are only equal to themselves. */
function keyOf(x: Tensor, ids: ReadonlyMap<Tensor, number>): string | null {
  const { op } = x;
  if (op.kind === "input" || op.kind === "parameter") return null;
  if (op.kind === "constant") return op.data.length <= SMALL ? `constant ${x.dtype}${shapeText(x.shape)} ${Array.from(op.data).join()}` : null;
  return `${opText(op)} ${shapeText(x.shape)} ${x.inputs.map((y) => ids.get(y)).join()}`;
}

const scalarOf = (x: Tensor | undefined): number | undefined =>
  x?.op.kind === "constant" && x.op.data.length === 1 && x.shape.length === 0 ? x.op.data[0] : undefined;

const ELEMENTWISE = new Set<string>(["add", "sub", "mul", "div", "maximum"]);

/** The local rules. Returns `x` itself where none applies. */
function rewrite(x: Tensor): Tensor {
  const folded = fold(x);
  if (folded !== null) return folded;
  const { op } = x;
  const [a, b] = x.inputs;
  if (a === undefined) return x;
  switch (op.kind) {
    case "reshape":
      if (sameShape(a.shape, x.shape)) return a;
      return a.op.kind === "reshape" && a.inputs[0] !== undefined ? reshape(a.inputs[0], x.shape) : x;
    case "transpose": {
      if (op.perm.every((p, i) => p === i)) return a;
      const outer = op.perm;
      return a.op.kind === "transpose" && a.inputs[0] !== undefined
        ? rewrite(transpose(a.inputs[0], composePerms(a.op.perm, outer)))
        : x;
    }
    case "broadcast": return sameShape(a.shape, x.shape) ? a : x;
    case "slice": return sameShape(a.shape, x.shape) ? a : x;
    case "pad": return sameShape(a.shape, x.shape) ? a : x;
    case "concat": return x.inputs.length === 1 ? a : x;
    case "sum": case "mean": case "max":
      return op.axes.every((axis) => a.shape[axis] === 1) ? rewrite(reshape(a, x.shape)) : x;
    case "neg": return a.op.kind === "neg" && a.inputs[0] !== undefined ? a.inputs[0] : x;
    default:
  }
  if (b === undefined || !ELEMENTWISE.has(op.kind)) return x;
  return elementwise(x, a, b);
}

function elementwise(x: Tensor, a: Tensor, b: Tensor): Tensor {
  const { op } = x;
  const [left, right] = [scalarOf(a), scalarOf(b)];
  if (right === (op.kind === "mul" || op.kind === "div" ? 1 : 0) && op.kind !== "maximum" && sameShape(a.shape, x.shape)) return a;
  if (((op.kind === "mul" && left === 1) || (op.kind === "add" && left === 0)) && sameShape(b.shape, x.shape)) return b;
  if (op.kind === "mul" && left !== undefined && right === undefined) return rewrite(mul(b, a));
  if (op.kind === "mul" && right !== undefined && a.op.kind === "mul") {
    const inner = scalarOf(a.inputs[1]);
    if (inner !== undefined && a.inputs[0] !== undefined) return rewrite(mul(a.inputs[0], inner * right));
  }
  // Elementwise operations broadcast by themselves: a stretched operand need not be made.
  for (const [i, operand] of [a, b].entries()) {
    const source = operand.op.kind === "broadcast" ? operand.inputs[0] : undefined;
    if (source === undefined) continue;
    const inputs = i === 0 ? [source, b] : [a, source];
    if (sameShape(infer(op, inputs).shape, x.shape)) return rewrite({ ...x, inputs });
  }
  return x;
}

/** The permutation of transposing by `inner`, then by `outer`. */
const composePerms = (inner: readonly number[], outer: readonly number[]): number[] =>
  outer.map((p) => inner[p] ?? p);

/** The constant a node of small constants equals, or null. */
function fold(x: Tensor): Tensor | null {
  const size = sizeOf(x.shape);
  if (x.inputs.length === 0 || typeof size !== "number" || size > SMALL) return null;
  const values: Array64[] = [];
  for (const { op, shape } of x.inputs) {
    if (op.kind !== "constant" || op.data.length > SMALL) return null;
    values.push({ shape: shape as number[], data: Float64Array.from(op.data) });
  }
  return constant(evaluate(x, values, x.shape as number[], {}).data, x.shape, x.dtype);
}
