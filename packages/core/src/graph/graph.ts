import { shapeText } from "./dim.ts";
import type { Shape } from "./dim.ts";
import { input } from "./ops.ts";
import type { DType, OpOf, Tensor } from "./tensor.ts";

/** A traced function: named inputs, the parameters it uses, and named outputs. */
export type Graph = {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Values of its symbols at the sizes it is mostly run at; lowering chooses kernels by them, any other size runs too. */
  readonly typical?: Readonly<Record<string, number>>;
};

export type InputSpec = { shape: Shape; dtype?: DType };

/**
 * Calls `fn` on symbolic inputs of the given shapes and returns the graph of what it computed.
 * Parameters are whatever `parameter(...)` tensors the function closes over.
 */
export function trace<S extends Readonly<Record<string, InputSpec>>>(
  name: string,
  specs: S,
  fn: (inputs: { [K in keyof S]: Tensor }) => Readonly<Record<string, Tensor>>,
): Graph {
  const inputs = Object.fromEntries(Object.entries(specs).map(([key, { shape, dtype }]) => [key, input(key, shape, dtype)]));
  const outputs = fn(inputs as { [K in keyof S]: Tensor });
  return { name, inputs: Object.values(inputs), outputs };
}

/** Every tensor the given ones depend on, operands before results. */
export function topological(outputs: Iterable<Tensor>): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  // Explicit stack: a training graph is deeper than the call stack allows.
  for (const root of outputs) {
    const stack: { node: Tensor; next: number }[] = [{ node: root, next: 0 }];
    while (stack.length > 0) {
      const frame = stack[stack.length - 1];
      if (frame === undefined) break;
      const child = frame.node.inputs[frame.next++];
      if (seen.has(frame.node)) stack.pop();
      else if (child !== undefined) { if (!seen.has(child)) stack.push({ node: child, next: 0 }); }
      else {
        seen.add(frame.node);
        order.push(frame.node);
        stack.pop();
      }
    }
  }
  return order;
}

export const nodesOf = (graph: Graph): Tensor[] => topological(Object.values(graph.outputs));

export type Parameter = Tensor & { op: OpOf<"parameter"> };

/** The parameters a graph uses, in order of first use. */
export const parametersOf = (graph: Graph): Parameter[] => nodesOf(graph).filter((t): t is Parameter => t.op.kind === "parameter");

/**
 * Verifies what later stages rely on.
 * @throws TypeError where an input is used but not declared, two different leaves share a name, or an output has an input's
 */
export function check(graph: Graph): Graph {
  const declared = new Set(graph.inputs);
  const byName = new Map<string, Tensor>();
  for (const node of nodesOf(graph)) {
    if (node.op.kind !== "input" && node.op.kind !== "parameter") continue;
    const { name } = node.op;
    if (node.op.kind === "input" && !declared.has(node)) throw new TypeError(`${graph.name}: input ${name} is used but not declared`);
    const other = byName.get(name);
    if (other !== undefined && other !== node) {
      throw new TypeError(`${graph.name}: two tensors are named ${name}: ${shapeText(other.shape)} and ${shapeText(node.shape)}`);
    }
    byName.set(name, node);
  }
  for (const { op } of graph.inputs) {
    if (op.kind === "input" && op.name in graph.outputs) throw new TypeError(`${graph.name}: ${op.name} names both an input and an output`);
  }
  return graph;
}
