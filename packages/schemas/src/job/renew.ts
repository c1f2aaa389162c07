import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { LEASE } from "../limits.ts";
import type { JobPhase } from "./contract.ts";
import type { Hold } from "./hold.ts";

/** What a worker tells with a heartbeat. */
export interface Beat {
  readonly phase: JobPhase;
  readonly step?: number;
  readonly steps?: number;
  readonly preview?: string;
}

/** What a heartbeat brings back: carry on, or stop because of it. */
export type Order = "continue" | "cancel" | "deadline" | "lost";

/** T3: prolongs the lease and records progress. `lost` means that another worker owns the job or that it ended: stop, write nothing. */
export const renewJob = async (db: Db, hold: Hold, beat: Beat, leaseSeconds: number = LEASE.seconds): Promise<Order> => {
  const [row] = await rows<{ cancel: boolean; late: boolean }>(
    db,
    sql`
    update jobs set lease_until = now() + ${leaseSeconds} * interval '1 second', phase = ${beat.phase},
      step = coalesce(${beat.step ?? null}::int, step), steps = coalesce(${beat.steps ?? null}::int, steps),
      preview = coalesce(${beat.preview ?? null}::text, preview)
    where id = ${hold.id} and fence = ${hold.fence} and state = 'running'
    returning cancel_requested_at is not null as cancel, now() >= finish_by as late`,
  );
  if (row === undefined) return "lost";
  if (row.cancel) return "cancel";
  return row.late ? "deadline" : "continue";
};
