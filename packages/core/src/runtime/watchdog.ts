import { Worker } from "node:worker_threads";

/**
 * Starts a thread that ends this process when its host has died. The main thread learns of that only between runs, and
 * a run of a large graph takes seconds.
 */
export function startWatchdog(): void {
  // Given as source, so that the thread needs no module loader: it costs 9 MB as it is.
  const limits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 };
  new Worker(`(${watch.toString()})()`, { eval: true, resourceLimits: limits }).unref();
}

/** The thread's program: it sees globals, and nothing of this module. */
function watch(): void {
  const host = process.ppid;
  setInterval(() => {
    // A process whose parent died is handed to another one.
    if (process.ppid !== host) process.kill(process.pid, "SIGKILL");
  }, 250);
}
