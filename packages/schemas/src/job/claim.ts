import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import type { Id } from "../ids.ts";
import { LEASE } from "../limits.ts";
import { readJob } from "./read.ts";
import type { JobRow } from "./row.ts";
import { transition } from "./transition.ts";

/** What came of a claim. When it was refused, `job` says why: its state, its lease, its `run_after`. */
export type Claim = { readonly won: true; readonly job: JobRow } | { readonly won: false; readonly job: JobRow | undefined };

/**
 * T2: takes a job that waits, or one whose lease lapsed, for `workerId`. Spends a try and raises the fence, which every later
 * write of this worker must carry. Refused while the account runs as many jobs as it may.
 */
export const claimJob = async (db: Db, id: Id<"job">, workerId: string, leaseSeconds: number = LEASE.seconds): Promise<Claim> => {
  const [job] = await transition(
    db,
    sql`
    update jobs set state = 'running', phase = 'starting', version = version + 1, fence = fence + 1, tries_left = tries_left - 1,
      lease_owner = ${workerId}, lease_until = now() + ${leaseSeconds} * interval '1 second', step = null, steps = null, preview = null,
      started_at = coalesce(started_at, now())
    where id = ${id} and cancel_requested_at is null and tries_left > 0 and now() < finish_by and (started_at is not null or now() < start_by)
      and ((state = 'queued' and run_after <= now()) or (state = 'running' and lease_until < now()))
      and (select count(*) from jobs other where other.account_id = jobs.account_id and other.state = 'running' and other.id <> jobs.id)
        < (select running_limit from accounts where accounts.id = jobs.account_id)`,
    { outcome: "lost" },
  );
  return job === undefined ? { won: false, job: await readJob(db, id) } : { won: true, job };
};
