import { nodesOf } from "@deadiff/core";
import type { Graph, Tensor } from "@deadiff/core";

/** What running a static graph needs, bytes. */
export type MemoryNeed = {
  /** What it is fed: weights, moments, the batch. */
  readonly inputs: number;
  /** The most that intermediate and returned values take at one moment, each freed after its last use; reshapes are views. */
  readonly values: number;
};

/** Memory that a graph of static shapes needs when its nodes run one after the other: a bound that a good allocator comes near. */
export function memoryNeed(graph: Graph): MemoryNeed {
  const nodes = nodesOf(graph);
  const outputs = new Set(Object.values(graph.outputs));
  const isFed = ({ op }: Tensor): boolean => op.kind === "input" || op.kind === "parameter" || op.kind === "constant";
  const uses = new Map<Tensor, number>();
  // A view keeps alive what it looks at.
  const source = (x: Tensor): Tensor => {
    let at = x;
    while (at.op.kind === "reshape" && at.inputs[0] !== undefined) at = at.inputs[0];
    return at;
  };
  for (const node of nodes) if (node.op.kind !== "reshape") for (const x of node.inputs) uses.set(source(x), (uses.get(source(x)) ?? 0) + 1);
  for (const x of outputs) uses.set(source(x), (uses.get(source(x)) ?? 0) + 1);
  let [inputs, live, peak] = [0, 0, 0];
  for (const node of nodes) {
    if (isFed(node)) { inputs += bytesOf(node); continue; }
    if (node.op.kind === "reshape") continue;
    live += bytesOf(node);
    peak = Math.max(peak, live);
    for (const x of node.inputs.map(source)) {
      const left = (uses.get(x) ?? 0) - 1;
      uses.set(x, left);
      if (left === 0 && !isFed(x)) live -= bytesOf(x);
    }
  }
  return { inputs, values: peak };
}

const bytesOf = ({ shape, dtype }: Tensor): number => shape.reduce<number>((n, d) => n * Number(d), dtype === "int64" ? 8 : 4);
