/** Seconds from one attempt to the next (Standard Webhooks' schedule, 75.6 h in all). The first attempt is at once. */
export const RETRY_SCHEDULE_S = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600] as const;

const JITTER = 0.2;
const RETRY_AFTER_MAX_S = 3600;
const BUSY_MIN_S = 60;

/** How an attempt that did not succeed went, as far as the schedule cares. */
export interface Failure {
  /** Attempts made in this run of the schedule, this one included. */
  readonly attempt: number;
  /** The receiver's status, or `undefined` when there was none. */
  readonly status?: number | undefined;
  readonly timedOut: boolean;
  /** The receiver's Retry-After header, unparsed. */
  readonly retryAfter?: string | null | undefined;
  readonly nowMs: number;
  /** A number in [0, 1). */
  readonly random: number;
}

const retryAfterSeconds = (header: string, nowMs: number): number | undefined => {
  if (/^[0-9]{1,12}$/.test(header.trim())) return Number(header.trim());
  // Date.parse takes almost anything for a date ("-5" is one): only the form of RFC 9110 counts.
  const at = /^[A-Z][a-z]{2}, /.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(at) ? undefined : (at - nowMs) / 1000;
};

/**
 * Seconds until the next attempt, or `null` when the schedule is over.
 *
 * The base is spread by +-20 %. A Retry-After of a 429 or 503 lengthens it, up to an hour, and is then spread upwards only: never
 * earlier than asked. After a 429 or a timeout at least a minute passes.
 */
export const nextAttemptInS = (failure: Failure): number | null => {
  const base = RETRY_SCHEDULE_S[failure.attempt - 1];
  if (base === undefined) return null;
  const spread = base * (1 - JITTER + 2 * JITTER * failure.random);
  const floor = failure.status === 429 || failure.timedOut ? BUSY_MIN_S : 0;
  const header = failure.status === 429 || failure.status === 503 ? failure.retryAfter : undefined;
  const asked = header == null ? undefined : retryAfterSeconds(header, failure.nowMs);
  if (asked === undefined || asked <= base) return Math.max(floor, spread);
  return Math.max(floor, Math.max(base, Math.min(asked, RETRY_AFTER_MAX_S)) * (1 + JITTER * failure.random));
};
