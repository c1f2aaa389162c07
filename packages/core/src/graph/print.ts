import { shapeText } from "./dim.ts";
import { nodesOf } from "./graph.ts";
import type { Graph } from "./graph.ts";
import type { Op, Tensor } from "./tensor.ts";

const SHORT = { float32: "f32", float16: "f16", int64: "i64", bool: "bool" } as const;

/**
 * A graph as text, one node a line, for people and for snapshot tests:
 * `%3 = matmul %1 %2 : f32[B, 77, 768]`.
 */
export function print(graph: Graph): string {
  const names = new Map<Tensor, string>();
  const typeOf = (x: Tensor): string => `${SHORT[x.dtype]}${shapeText(x.shape)}`;
  const lines: string[] = [];
  for (const node of nodesOf(graph)) {
    const { op } = node;
    if (op.kind === "input") names.set(node, op.name);
    else if (op.kind === "parameter") names.set(node, `@${op.name}`);
    else if (op.kind === "constant") names.set(node, op.data.length <= 4 ? `(${Array.from(op.data).join(", ")})` : `const ${typeOf(node)}`);
    else {
      names.set(node, `%${lines.length}`);
      lines.push(`  %${lines.length} = ${[opText(op), ...node.inputs.map((x) => names.get(x) ?? "?")].join(" ")} : ${typeOf(node)}`);
    }
  }
  const inputs = graph.inputs.map((x) => `${x.op.kind === "input" ? x.op.name : "?"}: ${typeOf(x)}`).join(", ");
  const outputs = Object.entries(graph.outputs).map(([name, x]) => `${name} = ${names.get(x) ?? "?"}`).join(", ");
  return [`${graph.name}(${inputs}) {`, ...lines, `  return ${outputs}`, "}"].join("\n");
}

/** An operation's kind and attributes, as text. */
export function opText(op: Op): string {
  const { kind, ...attributes } = op;
  const parts = Object.entries(attributes).map(([name, value]) => `${name}=${attributeText(value)}`);
  return parts.length === 0 ? kind : `${kind}{${parts.join(" ")}}`;
}

function attributeText(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) => (v instanceof Map ? Object.fromEntries(v as Map<string, unknown>) : v));
}
