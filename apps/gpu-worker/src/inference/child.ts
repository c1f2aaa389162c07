import { fork, type ChildProcess } from "node:child_process";
import { JobError, type ModelAbout } from "@deadiff/schemas";
import type { Generate, Generated } from "../generate.ts";
import type { Log } from "../log.ts";
import type { FromChild, ToChild } from "./protocol.ts";

/** How the inference child is run. */
export interface ChildOptions {
  /** The module that calls `serve`. */
  readonly entry: URL;
  readonly log: Log;
  /** Past this much memory the child is replaced after the job at hand. */
  readonly rssMaxBytes: number;
  /** After this many jobs too: sessions leak a little. */
  readonly jobsMax: number;
  /** How long a generation may go on after it was told to stop. */
  readonly abortGraceMs: number;
  /** Hears what every newly loaded model says of itself. */
  readonly onModel?: (about: ModelAbout) => void;
  /** How long loading the model may take. */
  readonly loadTimeoutMs: number;
}

/** What a loaded child says of itself. */
export interface Loaded {
  readonly model: string;
  /** Jobs it works on at once. */
  readonly slots: number;
}

/** One inference process, replaced whenever it dies, grows too large or does not listen. */
export interface Inference {
  /** Generates in the child. Rejects with a JobError; with the signal's reason when it was aborted. */
  readonly generate: Generate;
  /** Loads the model ahead of the first job. */
  readonly warm: () => Promise<Loaded>;
  /** Whether the last model that was to be loaded was. */
  readonly isReady: () => boolean;
  readonly rssBytes: () => number;
  readonly stop: () => Promise<void>;
}

interface Running {
  readonly process: ChildProcess;
  readonly ready: Promise<Loaded>;
  readonly ended: Promise<void>;
  loaded: boolean;
  /** Jobs so far, and those at hand. */
  jobs: number;
  active: number;
  /** Takes no more jobs, and ends with the last one at hand. */
  retiring: boolean;
}

/**
 * Starts nothing yet: the child is forked by the first `warm` or `generate`. A child that must be killed takes the other jobs it
 * works on with it; they are `worker_lost`, and tried again.
 */
export const createInference = (options: ChildOptions): Inference => {
  let current: Running | undefined;
  let nextId = 1;
  let rssBytes = 0;
  let stopped = false;
  let loads = false;

  const start = (): Running => {
    // Advanced serialization carries pictures as bytes, not as JSON. The child keeps its output out of ours, but not its errors, and
    // has a heap of its own kind: ours is kept small.
    const child = fork(options.entry, { serialization: "advanced", execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
    const ready = new Promise<Loaded>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new JobError("model_load_failed", "Loading the model took too long."));
      }, options.loadTimeoutMs);
      child.on("message", (message: FromChild) => {
        if (message.kind === "ready") {
          clearTimeout(timer);
          options.log("info", "model_loaded", { model: message.model, ms: message.loadMs, pid: child.pid });
          if (message.about !== null) options.onModel?.(message.about);
          made.loaded = true;
          loads = true;
          resolve({ model: message.model, slots: message.slots });
        } else if (message.kind === "load_failed") {
          clearTimeout(timer);
          options.log("error", "model_load_failed", { error: message.message });
          child.kill("SIGKILL");
          reject(new JobError("model_load_failed"));
        }
      });
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        reject(new JobError("model_load_failed", "The process that holds the model ended while loading it."));
        if (current?.process === child) current = undefined;
        if (!made.loaded) loads = false;
        // The next job shall not wait for the model; one that did not load is left to the next job to try again.
        else if (!stopped) current ??= start();
        if (!stopped) options.log("warn", "inference_ended", { code, signal, pid: child.pid });
      });
    });
    // Seen by whoever awaits it; nobody may.
    ready.catch(() => undefined);
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const made: Running = { process: child, ready, ended, loaded: false, jobs: 0, active: 0, retiring: false };
    return made;
  };

  const retire = (running: Running): void => {
    if (current === running) current = undefined;
    running.process.kill("SIGKILL");
  };

  const generate: Inference["generate"] = async (request, { signal, onProgress, onTimeline, finishByMs }) => {
    const aborted = () => (signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    const unlessAborted = async (waited: Promise<unknown>): Promise<void> => {
      if (signal.aborted) throw aborted();
      const over = Promise.withResolvers<never>();
      const onAbort = () => over.reject(aborted());
      signal.addEventListener("abort", onAbort);
      await Promise.race([waited, over.promise]).finally(() => signal.removeEventListener("abort", onAbort));
    };
    // Two models at once would not fit where one grew too large.
    while (current?.retiring === true) await unlessAborted(current.ended);
    const running = (current ??= start());
    running.active += 1;
    try {
      await unlessAborted(running.ready);
    } catch (error) {
      running.active -= 1;
      throw error;
    }
    const id = nextId++;
    const { process: child } = running;
    const say = (message: ToChild): void => {
      if (child.connected) child.send(message);
    };
    running.jobs += 1;
    try {
      return await new Promise<Generated>((resolve, reject) => {
        let grace: ReturnType<typeof setTimeout> | undefined;
        const settle = () => {
          clearTimeout(grace);
          signal.removeEventListener("abort", onAbort);
          child.off("message", onMessage);
          child.off("exit", onExit);
        };
        const onAbort = () => {
          say({ kind: "abort", id });
          grace = setTimeout(() => {
            options.log("warn", "inference_killed", { pid: child.pid, reason: "did not stop" });
            retire(running);
          }, options.abortGraceMs);
        };
        const onExit = (code: number | null, name: string | null) => {
          settle();
          reject(signal.aborted ? aborted() : new JobError("worker_lost", `The process that made the picture ended (${name ?? String(code)}).`));
        };
        const onMessage = (message: FromChild) => {
          if (message.kind === "ready" || message.kind === "load_failed" || message.id !== id) return;
          switch (message.kind) {
            case "progress":
              if (!signal.aborted) onProgress(message.progress);
              break;
            case "done":
            case "failed":
              settle();
              rssBytes = message.rssBytes;
              onTimeline?.(message.timeline);
              if (signal.aborted) reject(aborted());
              else if (message.kind === "done") resolve(message.generated);
              else {
                if (message.code === "internal") options.log("error", "generation_failed", { error: message.message });
                reject(message.code === "internal" ? new JobError("internal") : new JobError(message.code, message.message));
              }
              break;
          }
        };
        child.on("message", onMessage);
        child.once("exit", onExit);
        signal.addEventListener("abort", onAbort, { once: true });
        say({ kind: "generate", id, request, finishByMs });
        if (signal.aborted) onAbort();
      });
    } finally {
      running.active -= 1;
      if (!running.retiring && (rssBytes > options.rssMaxBytes || running.jobs >= options.jobsMax)) {
        options.log("info", "inference_recycled", { rss_mb: Math.round(rssBytes / 1e6), jobs: running.jobs, pid: running.process.pid });
        running.retiring = true;
      }
      if (running.retiring && running.active === 0) retire(running);
    }
  };

  return {
    generate,
    warm: () => (current ??= start()).ready,
    isReady: () => loads,
    rssBytes: () => rssBytes,
    stop: async () => {
      stopped = true;
      const child = current?.process;
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
};
