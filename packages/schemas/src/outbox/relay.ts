import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import type { Id } from "../ids.ts";

/** A bell to ring: send the queue a message about `jobId`, then delete the row. */
export interface Bell {
  readonly id: number;
  readonly jobId: Id<"job">;
  readonly traceparent: string | null;
}

/** T1: takes up to `limit` due bells for 30 s. No transaction stays open while they are sent; a crash in between rings twice, harmlessly. */
export const takeBells = async (db: Db, limit = 100): Promise<Bell[]> => {
  const taken = await rows<{ id: string; job_id: Id<"job">; traceparent: string | null }>(
    db,
    sql`
    update outbox set not_before = now() + interval '30 seconds'
    where id in (select id from outbox where not_before <= now() order by not_before limit ${limit} for update skip locked)
    returning id, job_id, traceparent`,
  );
  return taken.map((row) => ({ id: Number(row.id), jobId: row.job_id, traceparent: row.traceparent }));
};

/** T1: forgets bells that the queue accepted. */
export const dropBells = async (db: Db, ids: readonly number[]): Promise<void> => {
  if (ids.length > 0) await db.execute(sql`delete from outbox where id in (select value::bigint from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`);
};

/** Forgets the bells of jobs whose creator rang them itself. */
export const dropBellsOf = async (db: Db, jobIds: readonly Id<"job">[]): Promise<void> => {
  await db.execute(sql`delete from outbox where job_id in (select jsonb_array_elements_text(${JSON.stringify(jobIds)}::jsonb))`);
};

/** How many bells wait and how old the oldest due one is, in seconds. */
export const outboxDepth = async (db: Db): Promise<{ rows: number; oldestS: number }> => {
  const [row] = await rows<{ n: number; oldest: number | null }>(
    db,
    sql`select count(*)::int as n, extract(epoch from now() - min(not_before) filter (where not_before <= now()))::float8 as oldest from outbox`,
  );
  return { rows: row?.n ?? 0, oldestS: row?.oldest ?? 0 };
};
