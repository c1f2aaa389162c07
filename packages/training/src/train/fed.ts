import { parametersOf, PROFILES, toOnnx } from "@deadiff/core";
import type { Graph, HostTensor, Runtime } from "@deadiff/core";
import type { Weights } from "./trainer.ts";

/** A graph with weights from memory, for looking at a run's state: `run` takes the graph's inputs alone. */
export async function openWithWeights(runtime: Runtime, graph: Graph, weights: Weights): Promise<{ run(feeds: Record<string, HostTensor>): Promise<Record<string, HostTensor>>; close(): Promise<void> }> {
  const parameters = parametersOf(graph);
  const prefix = `${graph.name}#`;
  const names = parameters.map((p) => p.op.name);
  for (const p of parameters) {
    const data = weights.get(p.op.name);
    if (data === undefined) throw new TypeError(`${graph.name}: no weight ${p.op.name}`);
    await runtime.write(prefix + p.op.name, { dtype: "float32", dims: p.shape.map(Number), data });
  }
  const session = await runtime.open({ name: graph.name, onnx: toOnnx(graph, { profile: PROFILES.cpu, parameters: { kind: "fed" } }) });
  const fed = Object.fromEntries(names.map((name) => [name, { kept: prefix + name }]));
  return {
    run: (feeds) => session.run({ ...feeds, ...fed }),
    async close() {
      await session.close();
      await runtime.drop(names.map((name) => prefix + name));
    },
  };
}
