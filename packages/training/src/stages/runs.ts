import { join } from "node:path";
import { ROOT_FOLDER } from "../data/paths.ts";

/** Where training runs keep checkpoints, curves and sheets. */
export const RUNS_FOLDER = join(ROOT_FOLDER, "runs");

/** Aborts at Ctrl-C or SIGTERM: a run then ends after a checkpoint, and the same command goes on with it. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
