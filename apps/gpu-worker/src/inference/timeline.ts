import type { Timed } from "../generate.ts";

/** Steps that are told apart: more would be a trace that nobody reads. */
const STEPS_MAX = 120;

/** Writes down when the parts of a job began and ended, for the supervisor's trace: this process has no tracer of its own. */
export interface Timeline {
  /** Ends the part before. */
  readonly enter: (name: string) => void;
  /** A step of the part at hand is done; it began when the one before was, or with the part. */
  readonly step: (name: string) => void;
  /** Ends the last part. */
  readonly end: () => readonly Timed[];
}

/** `now`: milliseconds since the epoch. */
export const startTimeline = (now: () => number = () => performance.timeOrigin + performance.now()): Timeline => {
  const done: Timed[] = [];
  let part: { readonly name: string; readonly startMs: number; readonly steps: Timed[] } | undefined;
  const leave = (): void => {
    if (part !== undefined) done.push({ ...part, endMs: now() });
    part = undefined;
  };
  return {
    enter: (name) => {
      leave();
      part = { name, startMs: now(), steps: [] };
    },
    step: (name) => {
      if (part === undefined || part.steps.length >= STEPS_MAX) return;
      part.steps.push({ name, startMs: part.steps.at(-1)?.endMs ?? part.startMs, endMs: now(), steps: [] });
    },
    end: () => {
      leave();
      return done;
    },
  };
};
