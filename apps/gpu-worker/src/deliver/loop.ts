import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";

/** A piece of background work: says how much it did, so that a full round is followed by the next at once. */
export interface LoopSpec {
  readonly name: string;
  readonly everyMs: number;
  readonly round: (signal: AbortSignal) => Promise<number>;
}

const FAILURE_WAIT_MAX_MS = 10_000;

/** Repeats `round` until `signal` fires. A round that fails is logged and tried again, ever more slowly. */
export const runLoop = async (spec: LoopSpec, signal: AbortSignal, log: Log, metrics: Metrics): Promise<void> => {
  let failures = 0;
  for (;;) {
    if (signal.aborted) return;
    let waitMs = spec.everyMs;
    try {
      if ((await spec.round(signal)) > 0) waitMs = 0;
      failures = 0;
    } catch (error) {
      failures += 1;
      waitMs = Math.min(FAILURE_WAIT_MAX_MS, Math.max(spec.everyMs, 200) * 2 ** failures);
      metrics.loopErrors.inc({ loop: spec.name });
      log("warn", "loop_failed", { loop: spec.name, failures, error });
    }
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
};
