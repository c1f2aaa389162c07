import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import type { Id } from "../ids.ts";
import { JOB_STATES, TERMINAL_STATES, type JobState, type MatrixSummary } from "../job/contract.ts";
import type { SignUrl } from "../job/present.ts";
import { readCursor, toPage, type Page } from "../page.ts";

interface SummaryRow extends Record<string, unknown> {
  id: Id<"matrix">;
  axes: MatrixSummary["axes"];
  created_at: string;
  counts: Partial<Record<JobState, number>>;
  /** Object keys of the first cells' first pictures. */
  keys: (string | null)[];
}

const PREVIEWS = 8;

const present = async ({ id, axes, created_at, counts, keys }: SummaryRow, sign: SignUrl): Promise<MatrixSummary> => {
  const all = Object.fromEntries(JOB_STATES.map((state) => [state, counts[state] ?? 0])) as Record<JobState, number>;
  const ended = TERMINAL_STATES.reduce((sum, state) => sum + all[state], 0);
  return {
    id,
    object: "matrix",
    axes,
    is_terminal: ended === Object.values(all).reduce((sum, n) => sum + n, 0),
    counts: all,
    preview_urls: await Promise.all(keys.map(async (key) => (key === null ? null : (await sign(key)).url))),
    created_at: new Date(created_at).toISOString(),
  };
};

/** The account's matrices, newest first; those whose cells were all deleted are left out. */
export const listMatrices = async (db: Db, accountId: Id<"account">, page: { limit: number; cursor?: string | undefined }, sign: SignUrl): Promise<Page<MatrixSummary>> => {
  const from = readCursor(page.cursor);
  const found = await rows<SummaryRow>(
    db,
    sql`
    select m.id, m.axes, to_jsonb(m.created_at) #>> '{}' as created_at,
      (select jsonb_object_agg(state, n) from (select state, count(*) as n from jobs where matrix_id = m.id and deleted_at is null group by state) as by_state) as counts,
      (select jsonb_agg(key order by cell) from (
        select cell, case when purged_at is null and not removed @> '[0]' then result -> 'images' -> 0 ->> 'key' end as key
        from jobs where matrix_id = m.id and deleted_at is null order by cell limit ${PREVIEWS}) as first) as keys
    from matrices m
    where m.account_id = ${accountId} and exists (select 1 from jobs where matrix_id = m.id and deleted_at is null)
      and ${from === null ? sql`true` : sql`(m.created_at, m.id) < (${from.at}::timestamptz, ${from.id})`}
    order by m.created_at desc, m.id desc limit ${page.limit + 1}`,
  );
  const { data, ...rest } = toPage(found, page.limit, ({ created_at, id }) => ({ at: created_at, id }), (row) => row);
  return { ...rest, data: await Promise.all(data.map((row) => present(row, sign))) };
};
