import type { InferenceSession, Tensor } from "onnxruntime-node";
import { DeadiffError } from "../errors.ts";
import type { HostDType, HostTensor, Kept, RunOptions } from "../session.ts";
import type { KeptTensors } from "./kept.ts";
import { fromOrt, hostDType, toOrt } from "./tensors.ts";

/** A loaded graph, its signature looked up once: a training step has thousands of inputs and outputs. */
export type LoadedGraph = {
  name: string;
  session: InferenceSession;
  inputs: ReadonlyMap<string, InferenceSession.ValueMetadata>;
  /** By output name: its type and dims where all are known before a run. */
  outputs: ReadonlyMap<string, { dtype: HostDType; dims: readonly number[] } | undefined>;
};

/** Reads a session's signature. */
export function loadedGraph(name: string, session: InferenceSession): LoadedGraph {
  return {
    name,
    session,
    inputs: new Map(session.inputMetadata.map((meta) => [meta.name, meta])),
    outputs: new Map(session.outputMetadata.map((meta) => [meta.name, staticSignature(meta)])),
  };
}

/**
 * Runs a graph once, in this process and blocking it.
 *
 * Feeds are checked first: ONNX Runtime ignores unknown names, and its other errors do not name the graph. A kept tensor
 * changes only when the run has succeeded.
 */
export async function runGraph(
  graph: LoadedGraph,
  kept: KeptTensors,
  feeds: Readonly<Record<string, HostTensor | Kept>>,
  { keep = {} }: RunOptions,
): Promise<Record<string, HostTensor>> {
  const inputs = checkedFeeds(graph, kept, feeds);
  checkKeep(graph, keep);
  const fetches: Record<string, Tensor | null> = {};
  for (const [output, signature] of graph.outputs) {
    const keptName = keep[output];
    fetches[output] = (keptName !== undefined && signature !== undefined && kept.spare(keptName, signature.dtype, signature.dims)) || null;
  }
  const results: Record<string, HostTensor> = {};
  const returned = await graph.session.run(inputs, fetches).catch((cause: unknown) => {
    throw new DeadiffError("run_failed", `${graph.name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  for (const [output, signature] of graph.outputs) {
    // A tensor that was given is filled in place; what is returned for it is another object over other memory.
    const tensor = fetches[output] ?? returned[output];
    if (tensor === undefined) throw new DeadiffError("run_failed", `${graph.name}: the run returned no "${output}"`);
    const keptName = keep[output];
    if (keptName === undefined) results[output] = fromOrt(tensor);
    else kept.keep(keptName, tensor, signature !== undefined);
  }
  return results;
}

function checkedFeeds(graph: LoadedGraph, kept: KeptTensors, feeds: Readonly<Record<string, HostTensor | Kept>>): Record<string, Tensor> {
  for (const name of Object.keys(feeds)) {
    if (!graph.inputs.has(name)) throw new DeadiffError("run_input_unknown", `${graph.name}: there is no input "${name}"; inputs are: ${names(graph.inputs)}`);
  }
  const inputs: Record<string, Tensor> = {};
  for (const [name, meta] of graph.inputs) {
    const feed = feeds[name];
    if (feed === undefined) throw new DeadiffError("run_input_missing", `${graph.name}: input "${name}" was not fed`);
    const tensor = "kept" in feed ? kept.get(feed.kept) : toOrt(feed);
    if (meta.isTensor && !matches(tensor, meta)) {
      const expected = `${meta.type} [${meta.shape.join(", ")}]`;
      throw new DeadiffError("run_input_mismatch", `${graph.name}: input "${name}" must be ${expected}, got ${tensor.type} [${tensor.dims.join(", ")}]`);
    }
    inputs[name] = tensor;
  }
  return inputs;
}

function checkKeep(graph: LoadedGraph, keep: Readonly<Record<string, string>>): void {
  for (const output of Object.keys(keep)) {
    if (!graph.outputs.has(output)) {
      throw new DeadiffError("run_output_unknown", `${graph.name}: there is no output "${output}" to keep; outputs are: ${names(graph.outputs)}`);
    }
  }
  const targets = Object.values(keep);
  if (new Set(targets).size < targets.length) {
    throw new DeadiffError("run_output_unknown", `${graph.name}: two outputs are to be kept under one name: ${targets.join(", ")}`);
  }
}

function matches(tensor: Tensor, meta: InferenceSession.TensorValueMetadata): boolean {
  return (
    tensor.type === meta.type &&
    tensor.dims.length === meta.shape.length &&
    meta.shape.every((dim, i) => typeof dim === "string" || dim === tensor.dims[i])
  );
}

function staticSignature(meta: InferenceSession.ValueMetadata): { dtype: HostDType; dims: readonly number[] } | undefined {
  if (!meta.isTensor) return undefined;
  const dims = meta.shape.filter((dim) => typeof dim === "number");
  return dims.length === meta.shape.length ? { dtype: hostDType(meta.type), dims } : undefined;
}

function names(map: ReadonlyMap<string, unknown>): string {
  return [...map.keys()].join(", ");
}
