import type { InferenceSession } from "onnxruntime-node";
import { DeadiffError } from "../errors.ts";
import type { Runtime, Session, SessionSource } from "../session.ts";
import { keptTensors } from "./kept.ts";
import { loader } from "./load.ts";
import { ownMemory, processMemory } from "./memory.ts";
import type { RuntimeOptions } from "./options.ts";
import { chooseProvider } from "./provider.ts";
import { loadedGraph, runGraph } from "./run.ts";
import { serial } from "./serial.ts";

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
    const graph = loadedGraph(source.name, session);
    return {
      inputNames: session.inputNames,
      outputNames: session.outputNames,
      loaded: report,
      run: (feeds, runOptions = {}) =>
        inTurn(() => {
          if (!sessions.has(session)) throw new DeadiffError("session_closed", `${source.name}: the session has been closed`);
          return runGraph(graph, kept, feeds, runOptions);
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
