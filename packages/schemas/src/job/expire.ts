import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import type { Id } from "../ids.ts";
import { LEASE } from "../limits.ts";
import type { Hold } from "./hold.ts";
import type { JobRow } from "./row.ts";
import { ending, transition } from "./transition.ts";

/** T7 by the worker that holds the job: its `finish_by` passed while it ran. */
export const expireHeldJob = async (db: Db, hold: Hold): Promise<JobRow | undefined> => {
  const [job] = await transition(
    db,
    sql`
    update jobs set ${ending(sql`'expired'`)}
    where id = ${hold.id} and fence = ${hold.fence} and state = 'running' and cancel_requested_at is null and now() >= finish_by`,
    { outcome: "expired" },
  );
  return job;
};

/** T7 by the sweeper: ends jobs that did not start or finish in time and that no worker holds. Returns how many it ended. */
export const expireJobs = async (db: Db, limit = 200): Promise<number> => {
  const due = sql`cancel_requested_at is null and (
    (state = 'queued' and (finish_by <= now() or (started_at is null and start_by <= now())))
    or (state = 'running' and finish_by <= now() and lease_until < now() - ${LEASE.graceSeconds} * interval '1 second'))`;
  const candidates = await rows<{ id: Id<"job"> }>(db, sql`select id from jobs where state in ('queued', 'running') and ${due} limit ${limit}`);
  let ended = 0;
  for (const { id } of candidates) {
    ended += (await transition(db, sql`update jobs set ${ending(sql`'expired'`)} where id = ${id} and ${due}`, { outcome: "expired" })).length;
  }
  return ended;
};
