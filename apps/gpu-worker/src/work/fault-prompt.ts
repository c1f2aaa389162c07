import { setTimeout as sleep } from "node:timers/promises";
import { JOB_ERRORS, JobError, type JobErrorCode } from "@deadiff/schemas";
import type { Progress } from "../generate.ts";

/** What a test key can ask for in a prompt, so that integrators can try their error handling. */
type Fault = { readonly kind: "fail"; readonly code: JobErrorCode } | { readonly kind: "slow"; readonly seconds: number };

const SLOW_MAX_S = 600;

/** A test job with this prompt has its first webhook of each address sent twice: same id, same bytes, as after an answer that was lost. */
const DUPLICATE = "test:webhook:dup";

/** Whether a job asks for its webhooks to come twice. */
export const asksForDuplicates = (mode: "live" | "test", prompt: string): boolean => mode === "test" && prompt.trim() === DUPLICATE;

/** Reads `test:fail:<code>` and `test:slow:<seconds>`. */
export const readFault = (prompt: string): Fault | undefined => {
  const [, kind, value = ""] = /^test:(fail|slow):([a-z_0-9]{1,40})$/.exec(prompt.trim()) ?? [];
  if (kind === "fail" && Object.hasOwn(JOB_ERRORS, value)) return { kind, code: value as JobErrorCode };
  if (kind === "slow" && /^\d{1,3}$/.test(value)) return { kind, seconds: Math.min(Number(value), SLOW_MAX_S) };
  return undefined;
};

/** Lets the fault happen: throws its error, or takes its time (with progress), after which the job goes on as usual. */
export const actOut = async (fault: Fault, signal: AbortSignal, onProgress: (progress: Progress) => void): Promise<void> => {
  switch (fault.kind) {
    case "fail":
      throw new JobError(fault.code, `${JOB_ERRORS[fault.code].message} (Asked for by a test prompt.)`);
    case "slow": {
      const steps = Math.max(1, fault.seconds * 2);
      for (let step = 0; step < steps; step++) {
        onProgress({ phase: "generating", step, steps });
        await sleep(500, undefined, { signal });
      }
      break;
    }
  }
};
