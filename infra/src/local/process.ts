import { fork, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

/** How one of the platform's processes is run. */
export interface ProcessOptions {
  readonly name: string;
  /** The module to run, as a path. */
  readonly entry: string;
  readonly args?: readonly string[];
  /** Options of Node itself. */
  readonly nodeArgs?: readonly string[];
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (name: string, line: string) => void;
  /** Whether a process that ends by itself is started again. */
  readonly restart: boolean;
  /** The event whose log line says that it is ready, or the words of a program that is not ours. */
  readonly readyEvent: string | RegExp;
}

/** A process of the local stack. */
export interface ManagedProcess {
  readonly name: string;
  readonly pid: () => number | undefined;
  /** The fields of the newest ready line. */
  readonly ready: () => Promise<Record<string, unknown>>;
  /** Sends a signal. After SIGKILL the process is started again if it is to be. */
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Ends it in order: SIGTERM, and after `graceMs` SIGKILL. */
  readonly stop: (graceMs?: number) => Promise<void>;
  /** Starts it again after `stop`. */
  readonly start: (env?: Readonly<Record<string, string>>) => void;
}

const eventIn = (line: string): Record<string, unknown> | undefined => {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
};

const endGroup = (leader: number | undefined): void => {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // Nobody was left.
  }
};

/** Runs `entry` as a child that ends when we do, even if we are killed: it watches the channel between us. */
export const manageProcess = (options: ProcessOptions): ManagedProcess => {
  let child: ChildProcess | undefined;
  let wanted = false;
  let readiness = Promise.withResolvers<Record<string, unknown>>();
  let startedAt = 0;

  const start = (more: Readonly<Record<string, string>> = {}): void => {
    wanted = true;
    startedAt = Date.now();
    // A group of its own: a Ctrl-C reaches us alone, and what a killed child leaves behind (the API's runtime) can be ended with it.
    const made = fork(options.entry, options.args ?? [], {
      env: { ...options.env, ...more },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
      ...(options.nodeArgs === undefined ? {} : { execArgv: [...options.nodeArgs] }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    child = made;
    for (const stream of [made.stdout, made.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        options.onLine(options.name, line);
        if (typeof options.readyEvent !== "string") {
          if (options.readyEvent.test(line)) readiness.resolve({});
          return;
        }
        const event = eventIn(line);
        if (event?.["event"] === options.readyEvent) readiness.resolve(event);
      });
    }
    made.once("exit", (code, signal) => {
      endGroup(made.pid);
      if (child === made) child = undefined;
      readiness = Promise.withResolvers();
      if (!wanted) return;
      options.onLine(options.name, JSON.stringify({ time: new Date().toISOString(), level: "error", service: options.name, event: "process_ended", code, signal }));
      if (options.restart) void sleep(Date.now() - startedAt < 2000 ? 1000 : 0).then(() => wanted && child === undefined && start());
    });
  };
  start();

  return {
    name: options.name,
    pid: () => child?.pid,
    ready: () => readiness.promise,
    kill: (signal) => child?.kill(signal),
    start,
    stop: async (graceMs = 10_000) => {
      wanted = false;
      const ending = child;
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
      const ended = new Promise<void>((resolve) => ending.once("exit", () => resolve()));
      ending.kill("SIGTERM");
      const timer = setTimeout(() => ending.kill("SIGKILL"), graceMs);
      await ended;
      clearTimeout(timer);
    },
  };
};
