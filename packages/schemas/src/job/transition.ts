import { sql, type SQL } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import type { JobErrorCode } from "../errors.ts";
import { PICTURES_OF_CHANGED } from "../picture/show.ts";
import type { JobRow } from "./row.ts";

/** How the attempt that a transition ends is written down. */
interface AttemptEnd {
  readonly outcome: "succeeded" | "failed" | "canceled" | "released" | "lost" | "expired";
  readonly errorCode?: JobErrorCode;
}

/** The columns every ending sets, whatever the state. */
export const ending = (state: SQL): SQL => sql`
  state = ${state}, phase = 'done', version = jobs.version + 1, lease_owner = null, lease_until = null, preview = null,
  finished_at = now(), expires_at = now() + jobs.retention_s * interval '1 second'`;

/** The columns that put a job back into the queue at `runAfter`. */
export const requeuing = (runAfter: SQL): SQL => sql`
  state = 'queued', phase = 'waiting', version = jobs.version + 1, lease_owner = null, lease_until = null, preview = null,
  step = null, steps = null, rung_at = now(), run_after = ${runAfter}`;

const TERMINAL = sql.raw(`('succeeded', 'failed', 'canceled', 'expired')`);

/**
 * Changes jobs and, in the same statement, writes all that follows from it: the event, the ledger, the refund, the end of
 * the attempt, the webhooks of every address subscribed at this moment, and the bell of a job that waits again.
 *
 * `update` is an UPDATE of `jobs` without its RETURNING, whose WHERE is the guard of the transition.
 * Returns the changed rows; none means that someone else won.
 */
export const transition = async (db: Db, update: SQL, attempt: AttemptEnd): Promise<JobRow[]> => {
  const found = await rows<{ job: JobRow }>(
    db,
    sql`
    with changed as (${update} returning jobs.*),
    event as (
      insert into job_events (job_id, version, account_id, type, terminal, body)
      select id, version, account_id,
        case when state = 'running' and cancel_requested_at is not null then 'job.cancel_requested'
             when state = 'running' then 'job.started'
             when state = 'queued' then 'job.requeued'
             else 'job.' || state end,
        state in ${TERMINAL}, to_jsonb(changed) - 'request'
      from changed
      returning job_id, version, account_id, type
    ),
    money as (
      insert into ledger (account_id, job_id, kind, amount, price)
      select account_id, id, case state when 'succeeded' then 'capture' else 'release' end,
        case state when 'succeeded' then 0 else price end, price
      from changed where state in ${TERMINAL}
    ),
    refund as (
      update accounts set balance = balance + back.amount
      from (select account_id, sum(price) as amount from changed where state in ('failed', 'canceled', 'expired') group by account_id) as back
      where accounts.id = back.account_id and back.amount > 0
    ),
    closed as (
      update job_attempts set ended_at = now(),
        outcome = case when changed.state = 'running' then 'lost' else ${attempt.outcome} end,
        error_code = ${attempt.errorCode ?? null}
      from changed
      where job_attempts.job_id = changed.id and job_attempts.ended_at is null
        and (changed.state <> 'running' or job_attempts.fence < changed.fence)
    ),
    opened as (
      insert into job_attempts (job_id, fence, worker_id)
      select id, fence, lease_owner from changed where state = 'running'
      on conflict do nothing
    ),
    hooks as (
      -- A disabled endpoint's messages are written as dropped: a replay can still find them.
      insert into webhook_messages (id, account_id, endpoint_id, url, job_id, version, type, state)
      select new_id('msg'), event.account_id, endpoint.id, null, event.job_id, event.version, event.type,
        case endpoint.state when 'enabled' then 'pending' else 'dropped' end
      from event join webhook_endpoints as endpoint on endpoint.account_id = event.account_id
      where endpoint.deleted_at is null and endpoint.events @> to_jsonb(event.type)
      union all
      select new_id('msg'), event.account_id, null, changed.webhook_url, event.job_id, event.version, event.type, 'pending'
      from event join changed on changed.id = event.job_id
      where changed.webhook_url is not null and changed.webhook_events @> to_jsonb(event.type)
    ),
    shown as (${PICTURES_OF_CHANGED}),
    bell as (
      insert into outbox (job_id, traceparent, not_before) select id, traceparent, run_after from changed where state = 'queued'
    )
    select to_jsonb(changed) as job from changed`,
  );
  return found.map(({ job }) => job);
};
