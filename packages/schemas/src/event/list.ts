import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import type { Id } from "../ids.ts";
import { jobSchema } from "../job/contract.ts";
import type { JobRow } from "../job/row.ts";

/** One event of the feed that replaces webhooks where they were missed. */
export const eventSchema = z.object({ cursor: z.string(), type: z.string(), at: z.iso.datetime({ offset: true }), data: jobSchema }).meta({ id: "Event" });

const position = /^([0-9]{1,20})\.([0-9]{1,18})$/;

/**
 * The account's events after `after`, in the order they became visible. Rows of transactions that may still commit behind the
 * newest visible one are held back, so a reader who goes on from the last cursor never misses an event.
 */
export const listEvents = async (
  db: Db,
  accountId: Id<"account">,
  page: { limit: number; after?: string | undefined },
): Promise<{ cursor: string; type: string; at: string; job: JobRow }[]> => {
  const from = page.after === undefined ? ["", "0", "0"] : position.exec(page.after);
  if (from === null) throw new ApiError("invalid_input", "`after` is not a cursor of an event.");
  const found = await rows<{ cursor: string; type: string; at: string; job: JobRow }>(
    db,
    sql`
    select e.tx::text || '.' || e.seq::text as cursor, e.type, to_jsonb(e.at) #>> '{}' as at,
      e.body || jsonb_build_object('purged_at', j.purged_at, 'removed', j.removed) as job
    from job_events e join jobs j on j.id = e.job_id
    where e.account_id = ${accountId} and (e.tx, e.seq) > (${from[1]}::xid8, ${from[2]}::bigint)
      and e.tx < pg_snapshot_xmin(pg_current_snapshot())
    order by e.tx, e.seq limit ${page.limit}`,
  );
  return found.map((event) => ({ ...event, at: new Date(event.at).toISOString() }));
};
