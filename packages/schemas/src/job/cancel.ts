import { sql, type SQL } from "drizzle-orm";
import type { Db } from "../db.ts";
import type { Id } from "../ids.ts";
import type { Hold } from "./hold.ts";
import { getJob } from "./read.ts";
import type { JobRow } from "./row.ts";
import { ending, transition } from "./transition.ts";

const NOW_OR_ASKED = sql`
  state = case state when 'queued' then 'canceled' else state end,
  phase = case state when 'queued' then 'done' else phase end,
  finished_at = case state when 'queued' then now() end,
  expires_at = case state when 'queued' then now() + retention_s * interval '1 second' end,
  version = version + 1, cancel_requested_at = now()`;

/** T6a: ends a waiting job at once and asks for the end of a running one. A job that already ended is returned as it is. */
export const cancelJob = async (db: Db, accountId: Id<"account">, id: Id<"job">): Promise<JobRow> => {
  const [job] = await transition(
    db,
    sql`
    update jobs set ${NOW_OR_ASKED}
    where id = ${id} and account_id = ${accountId} and deleted_at is null and state in ('queued', 'running') and cancel_requested_at is null`,
    { outcome: "canceled" },
  );
  return job ?? getJob(db, accountId, id);
};

const cancelWhere = async (db: Db, accountId: Id<"account">, which: SQL): Promise<number> => {
  const jobs = await transition(
    db,
    sql`
    update jobs set ${NOW_OR_ASKED}
    where id in (
      select id from jobs where account_id = ${accountId} and state in ('queued', 'running') and cancel_requested_at is null and ${which}
      order by id limit 1000 for update)`,
    { outcome: "canceled" },
  );
  return jobs.length;
};

/** T6a for every open job of a matrix. Returns how many it reached. */
export const cancelMatrix = (db: Db, accountId: Id<"account">, id: Id<"matrix">): Promise<number> => cancelWhere(db, accountId, sql`matrix_id = ${id}`);

/** T6a for up to 1,000 open jobs: the named ones, or all. Returns how many it reached. */
export const cancelJobs = (db: Db, accountId: Id<"account">, ids: readonly Id<"job">[] | "all"): Promise<number> =>
  cancelWhere(db, accountId, ids === "all" ? sql`true` : sql`id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`);

/** T6b: the worker that holds a job stopped because a cancel was asked for. */
export const acknowledgeCancel = async (db: Db, hold: Hold): Promise<JobRow | undefined> => {
  const [job] = await transition(
    db,
    sql`
    update jobs set ${ending(sql`'canceled'`)}
    where id = ${hold.id} and fence = ${hold.fence} and state = 'running' and cancel_requested_at is not null`,
    { outcome: "canceled" },
  );
  return job;
};
