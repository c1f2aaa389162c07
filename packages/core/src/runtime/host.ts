import type { Runtime, Session } from "../session.ts";
import { openChannel, type Channel, type ChannelOptions } from "./channel.ts";
import { processMemory } from "./memory.ts";
import type { RuntimeOptions } from "./options.ts";
import { PROTOCOL_VERSION } from "./protocol.ts";

/** How graphs are run, and what becomes of the process that runs them. */
export type ChildRuntimeOptions = RuntimeOptions & ChannelOptions;

/** A runtime in a process of its own. */
export type ChildRuntime = Runtime & {
  /** The process's number, for a supervisor's own accounting. */
  readonly pid: number | undefined;
};

/**
 * Starts a process that runs graphs, since `run` and `create` of ONNX Runtime block the event loop they are called on.
 *
 * One call is worked on at a time, the others wait their turn. When the process dies, every unanswered call throws
 * `runtime_crashed` (with exit code, signal and last output in `context`) and so does every later one: kept tensors and
 * sessions are gone, so it is the owner who starts another. Aborting `signal` kills the process at once, a running
 * graph included. An idle runtime does not keep the calling process alive, and never outlives it.
 *
 * @throws `provider_unavailable`, `runtime_protocol`, `runtime_crashed`, or the signal's reason
 */
export async function startRuntime({ signal, onLog, ...options }: ChildRuntimeOptions = {}): Promise<ChildRuntime> {
  const channel = openChannel(new URL("./child.ts", import.meta.url), { ...(signal && { signal }), ...(onLog && { onLog }) });
  try {
    const { provider } = await channel.call("start", { protocol: PROTOCOL_VERSION, options });
    return {
      pid: channel.pid,
      provider,
      async open(source) {
        const opened = await channel.call("open", { source });
        return remoteSession(channel, opened.session, opened);
      },
      async read(kept) {
        return (await channel.call("read", { kept })).tensor;
      },
      async write(kept, tensor) {
        await channel.call("write", { kept, tensor });
      },
      async drop(kept) {
        await channel.call("drop", { kept });
      },
      async memory() {
        // Read from outside: a busy child could answer only after its run.
        const seen = channel.pid === undefined ? undefined : await processMemory(channel.pid);
        return seen === undefined ? (await channel.call("memory", {})).memory : { ...seen, keptBytes: channel.keptBytes() };
      },
      close: () => channel.close(),
    };
  } catch (error) {
    await channel.close();
    throw error;
  }
}

function remoteSession(channel: Channel, session: number, { inputNames, outputNames, loaded }: Pick<Session, "inputNames" | "outputNames" | "loaded">): Session {
  return {
    inputNames,
    outputNames,
    loaded,
    async run(feeds, { keep = {} } = {}) {
      return (await channel.call("run", { session, feeds, keep })).outputs;
    },
    async close() {
      await channel.call("closeSession", { session });
    },
  };
}
