import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { JOB_ERRORS, type JobError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Hold } from "./hold.ts";
import type { JobRow } from "./row.ts";
import { ending, requeuing, transition } from "./transition.ts";

// 2 s after the first try, 15 s after the second, each +-20 % so that jobs that failed together do not return together.
const backoff = sql`now() + (case when tries_left >= ${LIMITS.triesPerJob - 1} then 2 else 15 end) * (0.8 + 0.4 * random()) * interval '1 second'`;

/** T5: ends an attempt that went wrong. A retryable error puts the job back while tries are left; otherwise the job fails and the price returns. */
export const failJob = async (db: Db, hold: Hold, error: JobError): Promise<JobRow | undefined> => {
  const guard = sql`where id = ${hold.id} and fence = ${hold.fence} and state = 'running' and cancel_requested_at is null`;
  const end = { outcome: "failed", errorCode: error.code } as const;
  if (JOB_ERRORS[error.code].retryable) {
    const [again] = await transition(db, sql`update jobs set ${requeuing(backoff)} ${guard} and tries_left > 0 and now() < finish_by`, end);
    if (again !== undefined) return again;
    const message = `${JOB_ERRORS.attempts_exhausted.message} Last: ${error.message}`;
    const failure = JSON.stringify({ code: "attempts_exhausted", message });
    const [job] = await transition(db, sql`update jobs set ${ending(sql`'failed'`)}, error = ${failure}::jsonb ${guard} and tries_left = 0`, end);
    return job;
  }
  const failure = JSON.stringify({ code: error.code, message: error.message });
  const [job] = await transition(db, sql`update jobs set ${ending(sql`'failed'`)}, error = ${failure}::jsonb ${guard}`, end);
  return job;
};

/** T5a without a fault: a worker that shuts down gives the job back at once, and its try with it. */
export const releaseJob = async (db: Db, hold: Hold): Promise<JobRow | undefined> => {
  const [job] = await transition(
    db,
    sql`
    update jobs set ${requeuing(sql`now()`)}, tries_left = tries_left + case when version < ${LIMITS.refundVersionMax} then 1 else 0 end
    where id = ${hold.id} and fence = ${hold.fence} and state = 'running' and cancel_requested_at is null`,
    { outcome: "released" },
  );
  return job;
};
