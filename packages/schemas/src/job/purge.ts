import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import type { Id } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import { isTerminal } from "./present.ts";
import { getJob } from "./read.ts";

/** A job whose objects are to be removed from the store. */
export interface Purge {
  readonly id: Id<"job">;
  readonly keys: readonly string[];
}

/** Hides an ended job for good; its objects go with the next purge, its row after the tombstone's time. Throws `conflict` while it is open. */
export const deleteJob = async (db: Db, accountId: Id<"account">, id: Id<"job">): Promise<void> => {
  const job = await getJob(db, accountId, id);
  if (!isTerminal(job.state)) throw new ApiError("conflict", `Job ${id} is still ${job.state}: cancel it first.`);
  await db.execute(sql`
    with gone as (update jobs set deleted_at = now(), expires_at = now() where id = ${id} and account_id = ${accountId} and deleted_at is null returning id)
    update pictures set deleted_at = now(), share_token = null where job_id in (select id from gone) and deleted_at is null`);
};

/** Jobs whose time to keep results is over and whose objects are still there. */
export const jobsToPurge = async (db: Db, limit = 100): Promise<Purge[]> =>
  (
    await rows<{ id: Id<"job">; keys: string[] | null }>(
      db,
      sql`
      select id, (select jsonb_agg(image ->> 'key') from jsonb_array_elements(result -> 'images') as image) as keys
      from jobs where expires_at <= now() and purged_at is null limit ${limit}`,
    )
  ).map(({ id, keys }) => ({ id, keys: keys ?? [] }));

/** Records that the job's objects are gone. */
export const markPurged = async (db: Db, id: Id<"job">): Promise<void> => {
  await db.execute(sql`
    with gone as (update jobs set purged_at = now() where id = ${id} and purged_at is null returning id)
    update pictures set deleted_at = now(), share_token = null where job_id in (select id from gone) and deleted_at is null`);
};

/** Which of these object keys no job's result names. Keys are `out/{job}/{fence}/{sha256}.{ext}`. */
export const orphanedKeys = async (db: Db, keys: readonly string[]): Promise<string[]> =>
  (
    await rows<{ key: string }>(
      db,
      sql`
      select named.key from jsonb_array_elements_text(${JSON.stringify(keys)}::jsonb) as named(key)
      where not exists (
        select 1 from jobs
        where jobs.id = split_part(named.key, '/', 2)
          and (jobs.state in ('queued', 'running') or (jobs.purged_at is null and jobs.result -> 'images' @> jsonb_build_array(jsonb_build_object('key', named.key)))))`,
    )
  ).map(({ key }) => key);

/** Removes rows whose time is over: tombstones, old events, deliveries, mail, idempotency keys. Bounded work per call; returns the rows removed. */
export const dropOldRows = async (db: Db, limit = 1000): Promise<number> => {
  const statements = [
    sql`delete from jobs where id in (select id from jobs where deleted_at < now() - ${LIMITS.tombstoneDays} * interval '1 day' and purged_at is not null limit ${limit})`,
    sql`delete from job_events where (job_id, version) in (
      select e.job_id, e.version from job_events e join jobs j on j.id = e.job_id
      where e.at < now() - ${LIMITS.eventDays} * interval '1 day' and j.state in ('succeeded', 'failed', 'canceled', 'expired') and not e.terminal limit ${limit})`,
    sql`delete from webhook_messages where id in (
      select id from webhook_messages where state <> 'pending' and created_at < now() - ${LIMITS.deliveryDays} * interval '1 day' limit ${limit})`,
    sql`delete from idempotency where (account_id, key) in (select account_id, key from idempotency where expires_at < now() limit ${limit})`,
    sql`delete from mails where id in (select id from mails where created_at < now() - ${LIMITS.deliveryDays} * interval '1 day' limit ${limit})`,
    sql`delete from rate_limits where (subject, policy) in (select subject, policy from rate_limits where tat < now() - interval '1 hour' limit ${limit})`,
  ];
  let removed = 0;
  for (const statement of statements) removed += (await rows(db, sql`${statement} returning 1 as gone`)).length;
  return removed;
};
