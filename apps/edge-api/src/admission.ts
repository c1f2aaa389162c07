import { ApiError } from "@deadiff/schemas";

/** How much one process, or one isolate, takes on at once. */
export interface AdmissionLimits {
  /** Requests that are worked on. */
  readonly active: number;
  /** Requests that wait for their turn; one more is refused at once. */
  readonly queued: number;
  /** Requests that wait for news of a job: long polls and streams. They hold no turn. */
  readonly held: number;
}

/** A request's turn. */
export interface Turn {
  /** Gives the turn to the next; calling it again changes nothing. */
  readonly leave: () => void;
  /** Gives the turn up to wait for news. Call what it returns when the wait is over. Throws `overloaded` when too many wait. */
  readonly hold: () => () => void;
}

/** Lets requests in, first come first served, as many at once as there is room for. */
export interface Admission {
  /** Throws `overloaded` where the queue is full or the turn does not come in time. */
  readonly enter: () => Promise<Turn>;
}

/** Waiting longer than this helps nobody: a caller with a patience of its own is about to give up. */
const PATIENCE_MS = 5000;
const RETRY_AFTER_S = 1;

const overloaded = (what: string): ApiError => new ApiError("overloaded", `${what}: come back a little later.`, { retryAfterS: RETRY_AFTER_S });

const once = (act: () => void): (() => void) => {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
};

/** Makes an {@link Admission}. What is refused costs no database, so that an overload stays an overload of its senders. */
export const createAdmission = (limits: AdmissionLimits, patienceMs = PATIENCE_MS): Admission => {
  let active = 0;
  let held = 0;
  const waiting = new Set<() => void>();

  const leave = (): void => {
    const [next] = waiting;
    // The turn is handed on, so that nobody who comes in between takes it.
    if (next === undefined) active -= 1;
    else next();
  };
  const turn = (): Turn => {
    const end = once(leave);
    return {
      leave: end,
      hold: () => {
        if (held >= limits.held) throw overloaded("As many requests wait for news as may");
        held += 1;
        end();
        return once(() => (held -= 1));
      },
    };
  };

  return {
    enter: () => {
      if (active < limits.active) {
        active += 1;
        return Promise.resolve(turn());
      }
      if (waiting.size >= limits.queued) return Promise.reject(overloaded("More requests came than can be worked on"));
      return new Promise((resolve, reject) => {
        const called = (): void => {
          clearTimeout(timer);
          waiting.delete(called);
          resolve(turn());
        };
        const timer = setTimeout(() => {
          waiting.delete(called);
          reject(overloaded("The turn of this request did not come in time"));
        }, patienceMs);
        waiting.add(called);
      });
    },
  };
};
