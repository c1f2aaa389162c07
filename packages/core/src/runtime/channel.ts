import { fork, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { DeadiffError } from "../errors.ts";
import { revivedError, type Answer, type Call, type Verb, type Verbs } from "./protocol.ts";

/** Lines of the child's output that a crash report quotes. */
const QUOTED_LINES = 20;
/** How long the rest of a dead child's output may take to arrive. */
const LAST_WORDS_MS = 200;
/** How long a child may take to end by itself. */
const FAREWELL_MS = 5_000;

export type ChannelOptions = {
  /** Kills the child when it aborts; its reason is what all unanswered calls throw. */
  signal?: AbortSignal;
  /** Receives each line that the child writes to stdout or stderr. */
  onLog?: (line: string) => void;
};

/** A child process that answers calls, one at a time. */
export type Channel = {
  readonly pid: number | undefined;
  /** Kept bytes as of the latest answer. */
  keptBytes(): number;
  /** @throws the child's own error, `runtime_crashed`, `runtime_closed`, or the abort's reason */
  call<V extends Verb>(verb: V, request: Verbs[V]["request"]): Promise<Verbs[V]["reply"]>;
  /** Lets the calls made so far finish, then ends the child. */
  close(): Promise<void>;
};

type Pending = { call: Call; resolve: (reply: Verbs[Verb]["reply"]) => void; reject: (error: Error) => void };

/** Starts a child process. */
export function openChannel(entry: URL, { signal, onLog }: ChannelOptions): Channel {
  signal?.throwIfAborted();
  // `execArgv: []`: flags of the host, such as a loader or an inspector port, are not the child's.
  const child = fork(entry, { serialization: "advanced", execArgv: [], stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const lines = followLines(child, onLog);
  /** Calls not sent yet, oldest first. A second call is not sent before the first is answered: a run blocks the child. */
  const waiting: Pending[] = [];
  let current: Pending | undefined;
  let ended: { error: Error } | undefined;
  let closing: Promise<void> | undefined;
  let keptBytes = 0;
  let lastId = 0;

  const exited = new Promise<void>((resolve) => {
    const end = (error: Error): void => {
      ended ??= { error };
      for (const { reject } of current === undefined ? waiting : [current, ...waiting]) reject(ended.error);
      current = undefined;
      waiting.length = 0;
      signal?.removeEventListener("abort", abort);
      resolve();
    };
    const abort = (): void => {
      ended ??= { error: reasonOf(signal) };
      child.kill("SIGKILL");
    };
    signal?.addEventListener("abort", abort);
    child.once("error", (cause) => end(new DeadiffError("runtime_crashed", `the runtime's process could not be started: ${cause.message}`, { cause })));
    child.once("exit", (exitCode, exitSignal) => {
      const closed = new Promise<void>((done) => child.once("close", () => done()));
      void Promise.race([closed, sleep(LAST_WORDS_MS)]).then(() => end(crash(exitCode, exitSignal, lines)));
    });
  });

  const next = (): void => {
    current = waiting.shift();
    // An idle child does not keep its host alive; when the host ends, the channel closes and the child ends too.
    setReferenced(child, current !== undefined);
    if (current === undefined) return;
    try {
      // A broken channel is reported by the exit that follows it: the callback keeps it from being thrown here.
      child.send(current.call, () => undefined);
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      current.reject(new DeadiffError("runtime_send", `a ${current.call.verb} cannot be sent to the runtime's process: ${what}`, { cause }));
      next();
    }
  };

  child.on("message", (answer: Answer) => {
    keptBytes = answer.keptBytes;
    if (current?.call.id !== answer.id) return;
    const { resolve, reject } = current;
    if (answer.ok) resolve(answer.reply);
    else reject(revivedError(answer.error));
    next();
  });

  const enqueue = <V extends Verb>(verb: V, request: Verbs[V]["request"]): Promise<Verbs[V]["reply"]> =>
    new Promise<Verbs[Verb]["reply"]>((resolve, reject) => {
      if (ended !== undefined) {
        reject(ended.error);
        return;
      }
      waiting.push({ call: { id: ++lastId, verb, request } as Call, resolve, reject });
      if (current === undefined) next();
    });

  return {
    pid: child.pid,
    keptBytes: () => keptBytes,
    call(verb, request) {
      if (closing !== undefined) return Promise.reject(new DeadiffError("runtime_closed", "the runtime has been closed"));
      return enqueue(verb, request);
    },
    close() {
      closing ??= (async () => {
        // A child that has crashed is closed already: whoever had a call running knows.
        await enqueue("close", {}).catch(() => undefined);
        const farewell = setTimeout(() => child.kill("SIGKILL"), FAREWELL_MS);
        await exited;
        clearTimeout(farewell);
      })();
      return closing;
    },
  };
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DeadiffError("runtime_aborted", `the runtime was aborted: ${String(reason)}`, { cause: reason });
}

function crash(exitCode: number | null, exitSignal: NodeJS.Signals | null, lines: readonly string[]): DeadiffError {
  const how = exitSignal === null ? `with exit code ${exitCode ?? "unknown"}` : `by ${exitSignal}`;
  const said = lines.length === 0 ? "" : `; its last words:\n${lines.join("\n")}`;
  return new DeadiffError("runtime_crashed", `the runtime's process ended ${how}${said}`, { context: { exitCode, signal: exitSignal, output: [...lines] } });
}

/** Passes a child's output on by lines, and remembers the latest. */
function followLines(child: ChildProcess, onLog: ((line: string) => void) | undefined): readonly string[] {
  const latest: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => {
      latest.push(line);
      if (latest.length > QUOTED_LINES) latest.shift();
      onLog?.(line);
    });
  }
  return latest;
}

function setReferenced(child: ChildProcess, referenced: boolean): void {
  const method = referenced ? "ref" : "unref";
  child[method]();
  child.channel?.[method]();
  // Output alone keeps no host alive. These pipes are sockets, though their type does not say so.
  for (const stream of [child.stdout, child.stderr]) if (stream instanceof Socket) stream.unref();
}
