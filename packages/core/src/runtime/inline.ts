import type { InferenceSession} from "onnxruntime-node";
import { type Tensor } from "onnxruntime-node";
import { DeadiffError } from "../errors.ts";
import type { HostTensor, Kept, RunOptions, Runtime, Session, SessionSource } from "../session.ts";
import { keptTensors, type KeptTensors } from "./kept.ts";
import { loader } from "./load.ts";
import { ownMemory, processMemory } from "./memory.ts";
import type { RuntimeOptions } from "./options.ts";
import { chooseProvider } from "./provider.ts";
import { serial } from "./serial.ts";
import { fromOrt, hostDType, toOrt } from "./tensors.ts";

/** A runtime in this process, which can say at any moment what it keeps. */
export type InlineRuntime = Runtime & { keptBytes(): number };

/**
 * A runtime inside the calling process, for tests and for a process that does nothing else, such as training: each run
 * and each open blocks this process's event loop until it is done. `startRuntime` has the same contract and does not.
 *
 * @throws `provider_unavailable`
 */
export async function inlineRuntime(options: RuntimeOptions = {}): Promise<InlineRuntime> {
  const provider = await chooseProvider(options.provider ?? "auto");
  const load = loader(options, provider.name);
  const kept = keptTensors();
  const sessions = new Set<InferenceSession>();
  const turn = serial();
  let closing: Promise<void> | undefined;
  const inTurn = <T>(work: () => Promise<T> | T): Promise<T> => {
    if (closing !== undefined) return Promise.reject(new DeadiffError("runtime_closed", "the runtime has been closed"));
    return turn(async () => work());
  };

  const openSession = async (source: SessionSource): Promise<Session> => {
    const { session, report } = await load(source);
    sessions.add(session);
    return {
      inputNames: session.inputNames,
      outputNames: session.outputNames,
      loaded: report,
      run: (feeds, runOptions = {}) =>
        inTurn(() => {
          if (!sessions.has(session)) throw new DeadiffError("session_closed", `${source.name}: the session has been closed`);
          return run(source.name, session, kept, feeds, runOptions);
        }),
      close: () =>
        inTurn(async () => {
          if (sessions.delete(session)) await session.release();
        }),
    };
  };

  return {
    provider,
    open: (source) => inTurn(() => openSession(source)),
    read: (name) => inTurn(() => kept.read(name)),
    write: (name, tensor) => inTurn(() => kept.write(name, tensor)),
    drop: (names) => inTurn(() => kept.drop(names)),
    keptBytes: () => kept.bytes(),
    memory: async () => ({ ...((await processMemory(process.pid)) ?? ownMemory()), keptBytes: kept.bytes() }),
    close() {
      closing ??= turn(async () => {
        for (const session of sessions) await session.release();
        sessions.clear();
        kept.clear();
      });
      return closing;
    },
  };
}

async function run(
  name: string,
  session: InferenceSession,
  kept: KeptTensors,
  feeds: Readonly<Record<string, HostTensor | Kept>>,
  { keep = {} }: RunOptions,
): Promise<Record<string, HostTensor>> {
  const inputs = checkedFeeds(name, session, kept, feeds);
  const { fetches, spares } = plannedOutputs(name, session, kept, keep);
  let outputs: InferenceSession.ReturnType;
  try {
    outputs = await session.run(inputs, fetches);
  } catch (cause) {
    throw new DeadiffError("run_failed", `${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const results: Record<string, HostTensor> = {};
  for (const output of session.outputNames) {
    const tensor = spares[output] ?? outputs[output];
    if (tensor === undefined) throw new DeadiffError("run_failed", `${name}: the run returned no "${output}"`);
    const keptName = keep[output];
    if (keptName === undefined) results[output] = fromOrt(tensor);
    else kept.keep(keptName, tensor, staticDims(session, output) !== undefined);
  }
  return results;
}

/** Every input as ONNX Runtime's tensor, after the checks that make its own errors readable. */
function checkedFeeds(name: string, session: InferenceSession, kept: KeptTensors, feeds: Readonly<Record<string, HostTensor | Kept>>): Record<string, Tensor> {
  const known = new Set(session.inputNames);
  for (const feed of Object.keys(feeds)) {
    if (!known.has(feed)) throw new DeadiffError("run_input_unknown", `${name}: there is no input "${feed}"; inputs are: ${session.inputNames.join(", ")}`);
  }
  const inputs: Record<string, Tensor> = {};
  for (const meta of session.inputMetadata) {
    const feed = feeds[meta.name];
    if (feed === undefined) throw new DeadiffError("run_input_missing", `${name}: input "${meta.name}" was not fed`);
    const tensor = "kept" in feed ? kept.get(feed.kept) : toOrt(feed);
    if (meta.isTensor && !matches(tensor, meta)) {
      const expected = `${meta.type} [${meta.shape.join(", ")}]`;
      throw new DeadiffError("run_input_mismatch", `${name}: input "${meta.name}" must be ${expected}, got ${tensor.type} [${tensor.dims.join(", ")}]`);
    }
    inputs[meta.name] = tensor;
  }
  return inputs;
}

function matches(tensor: Tensor, meta: InferenceSession.TensorValueMetadata): boolean {
  return (
    tensor.type === meta.type &&
    tensor.dims.length === meta.shape.length &&
    meta.shape.every((dim, i) => typeof dim === "string" || dim === tensor.dims[i])
  );
}

/** Which outputs to ask for, and the spare buffers that some of them are written into. */
function plannedOutputs(
  name: string,
  session: InferenceSession,
  kept: KeptTensors,
  keep: Readonly<Record<string, string>>,
): { fetches: Record<string, Tensor | null>; spares: Record<string, Tensor> } {
  const known = new Set(session.outputNames);
  for (const output of Object.keys(keep)) {
    if (!known.has(output)) throw new DeadiffError("run_output_unknown", `${name}: there is no output "${output}" to keep; outputs are: ${session.outputNames.join(", ")}`);
  }
  const targets = Object.values(keep);
  if (new Set(targets).size < targets.length) throw new DeadiffError("run_output_unknown", `${name}: two outputs are kept under one name: ${targets.join(", ")}`);
  const fetches: Record<string, Tensor | null> = {};
  const spares: Record<string, Tensor> = {};
  for (const output of session.outputNames) {
    const keptName = keep[output];
    const fixed = keptName === undefined ? undefined : staticDims(session, output);
    const spare = keptName === undefined || fixed === undefined ? undefined : kept.spare(keptName, hostDType(fixed.type), fixed.shape);
    fetches[output] = spare ?? null;
    if (spare !== undefined) spares[output] = spare;
  }
  return { fetches, spares };
}

/** An output's metadata if its shape is known before the run. */
function staticDims(session: InferenceSession, output: string): InferenceSession.TensorValueMetadata | undefined {
  const meta = session.outputMetadata.find(({ name }) => name === output);
  return meta?.isTensor === true && meta.shape.every((dim) => typeof dim === "number") ? meta : undefined;
}
