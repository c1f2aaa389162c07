/** The moments at which the fault tests kill this process. */
export type CrashPoint = "claimed" | "decoded" | "generated" | "uploaded" | "committed" | "bells_sent" | "webhook_sent" | "webhook_begun";

/** Called at each {@link CrashPoint}; does nothing in production. */
export type AtPoint = (point: CrashPoint) => void;

/** Kills this process without mercy the first time it reaches `chosen`. */
export const crashAt =
  (chosen: string | undefined): AtPoint =>
  (point) => {
    if (point === chosen) process.kill(process.pid, "SIGKILL");
  };
