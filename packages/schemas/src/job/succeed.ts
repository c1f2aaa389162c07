import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import type { JobResult } from "./contract.ts";
import type { Hold } from "./hold.ts";
import type { JobRow } from "./row.ts";
import { ending, transition } from "./transition.ts";

/** T4: records the result and keeps the price. `undefined`: the claim was lost, a cancel came first, or it is too late. */
export const succeedJob = async (db: Db, hold: Hold, result: JobResult): Promise<JobRow | undefined> => {
  const [job] = await transition(
    db,
    sql`
    update jobs set ${ending(sql`'succeeded'`)}, result = ${JSON.stringify(result)}::jsonb
    where id = ${hold.id} and fence = ${hold.fence} and state = 'running' and cancel_requested_at is null and now() < finish_by`,
    { outcome: "succeeded" },
  );
  return job;
};
