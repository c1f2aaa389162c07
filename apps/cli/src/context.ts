import { DeadiffError } from "@deadiff/core";
import { cacheFolder } from "./env.ts";

/** All that a command touches besides files: given, so that tests can look. */
export type CommandContext = {
  out: (text: string) => void;
  err: (text: string) => void;
  /** Where progress bars are drawn, or null where nobody watches. */
  bars: NodeJS.WriteStream | null;
  /** Aborted when the user gives up. */
  signal: AbortSignal;
  /** Folder that paths are relative to. */
  cwd: string;
  cacheFolder: string;
};

/** The context of a real terminal: the first Ctrl-C (or SIGTERM) aborts, a second one ends the process at once. */
export function stdoutContext(): CommandContext {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new DeadiffError("interrupted", "stopped; nothing was written"));
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
  // Whoever read the output has seen enough (`deadiff inspect ... | head`): no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(0);
  });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    bars: process.stderr.isTTY ? process.stderr : null,
    signal: controller.signal,
    cwd: process.cwd(),
    cacheFolder: cacheFolder(),
  };
}
