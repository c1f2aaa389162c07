import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { JOB_ERRORS } from "../errors.ts";
import type { Id } from "../ids.ts";
import { LEASE } from "../limits.ts";
import { ending, requeuing, transition } from "./transition.ts";

/**
 * T8: jobs whose worker stopped beating. One that was asked to end is canceled, one with tries left waits again, the others fail.
 * Returns how many it moved.
 */
export const sweepLapsedLeases = async (db: Db, limit = 200): Promise<number> => {
  const lapsed = sql`state = 'running' and lease_until < now() - ${LEASE.graceSeconds} * interval '1 second'`;
  const candidates = await rows<{ id: Id<"job"> }>(db, sql`select id from jobs where ${lapsed} limit ${limit}`);
  const failure = JSON.stringify({ code: "attempts_exhausted", message: `${JOB_ERRORS.attempts_exhausted.message} Last: ${JOB_ERRORS.worker_lost.message}` });
  const lost = { outcome: "lost", errorCode: "worker_lost" } as const;
  let moved = 0;
  for (const { id } of candidates) {
    const here = sql`where id = ${id} and ${lapsed}`;
    const changed = [
      await transition(db, sql`update jobs set ${ending(sql`'canceled'`)} ${here} and cancel_requested_at is not null`, { outcome: "canceled" }),
      await transition(db, sql`update jobs set ${requeuing(sql`now()`)} ${here} and cancel_requested_at is null and tries_left > 0 and now() < finish_by`, lost),
      await transition(db, sql`update jobs set ${ending(sql`'failed'`)}, error = ${failure}::jsonb ${here} and cancel_requested_at is null and tries_left = 0`, lost),
    ];
    moved += changed.flat().length;
  }
  return moved;
};

/**
 * T9: rings again for jobs that wait without a bell: the queue lost the message, or was purged. A job is rung again after two
 * minutes, then ever more rarely, so that a long backlog does not flood the queue.
 */
export const ringAgain = async (db: Db, afterSeconds = 120, limit = 500): Promise<number> => {
  const rung = await rows(
    db,
    sql`
    with silent as (
      update jobs set rung_at = now() where id in (
        select id from jobs
        where state = 'queued' and run_after <= now()
          and now() - rung_at > greatest(${afterSeconds} * interval '1 second', rung_at - created_at)
          and not exists (select 1 from outbox where outbox.job_id = jobs.id)
        limit ${limit} for update skip locked)
      returning id, traceparent
    )
    insert into outbox (job_id, traceparent) select id, traceparent from silent returning id`,
  );
  return rung.length;
};

/** T10: a message ended in the dead-letter queue. If its job still waits, the bell is rung once more after `delayS`. */
export const ringFromDeadLetter = async (db: Db, id: Id<"job">, delayS = 30): Promise<boolean> => {
  const rung = await rows(
    db,
    sql`
    insert into outbox (job_id, traceparent, not_before)
    select id, traceparent, now() + ${delayS} * interval '1 second' from jobs
    where id = ${id} and state = 'queued' and not exists (select 1 from outbox where outbox.job_id = jobs.id)
    returning id`,
  );
  return rung.length > 0;
};
