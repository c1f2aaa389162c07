import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import type { Id } from "../ids.ts";
import { readCursor, toPage, type Page } from "../page.ts";
import type { JobKind, JobState } from "./contract.ts";
import type { JobRow } from "./row.ts";

/** Which jobs a list shows. */
export interface JobFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly state?: JobState | undefined;
  readonly style?: Id<"style"> | undefined;
  readonly kind?: JobKind | undefined;
  readonly matrix?: Id<"matrix"> | undefined;
  /** Words that the prompt holds. */
  readonly search?: string | undefined;
  readonly idempotencyKey?: string | undefined;
}

/** The account's jobs, newest first. */
export const listJobs = async (db: Db, accountId: Id<"account">, filter: JobFilter): Promise<Page<JobRow>> => {
  const from = readCursor(filter.cursor);
  const conditions = [
    sql`account_id = ${accountId}`,
    sql`deleted_at is null`,
    ...(from === null ? [] : [sql`(created_at, id) < (${from.at}::timestamptz, ${from.id})`]),
    ...(filter.state === undefined ? [] : [sql`state = ${filter.state}`]),
    ...(filter.kind === undefined ? [] : [sql`kind = ${filter.kind}`]),
    ...(filter.style === undefined ? [] : [sql`request -> 'style' ->> 'id' = ${filter.style}`]),
    ...(filter.matrix === undefined ? [] : [sql`matrix_id = ${filter.matrix}`]),
    ...(filter.search === undefined ? [] : [sql`position(lower(${filter.search}) in lower(request ->> 'prompt')) > 0`]),
    ...(filter.idempotencyKey === undefined
      ? []
      : [
          sql`(id, account_id) in (select resource_id, account_id from idempotency where account_id = ${accountId} and key = ${filter.idempotencyKey} and expires_at > now())`,
        ]),
  ];
  const found = await rows<{ job: JobRow }>(
    db,
    sql`select to_jsonb(jobs) as job from jobs where ${sql.join(conditions, sql` and `)} order by created_at desc, id desc limit ${filter.limit + 1}`,
  );
  return toPage(found, filter.limit, ({ job }) => ({ at: job.created_at, id: job.id }), ({ job }) => job);
};
