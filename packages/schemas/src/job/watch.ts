import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import type { Id } from "../ids.ts";
import type { JobRow } from "./row.ts";

/** The job as it stood at each version after `after`, oldest first. */
export const jobVersionsAfter = async (db: Db, id: Id<"job">, after: number): Promise<{ type: string; job: JobRow }[]> =>
  rows<{ type: string; job: JobRow }>(
    db,
    sql`
    select e.type, e.body || jsonb_build_object('request', j.request, 'purged_at', j.purged_at, 'removed', j.removed) as job
    from job_events e join jobs j on j.id = e.job_id
    where e.job_id = ${id} and e.version > ${after} order by e.version`,
  );

/** A cheap look at many jobs: enough to tell whether a watcher has something new to see. */
export interface Glimpse {
  readonly version: number;
  readonly step: number | null;
  readonly steps: number | null;
  readonly phase: string;
  readonly preview: string | null;
}

/** The {@link Glimpse} of every named job that exists, in one query. */
export const glimpseJobs = async (db: Db, ids: readonly Id<"job">[]): Promise<Map<Id<"job">, Glimpse>> => {
  const found = await rows<{ id: Id<"job">; version: number; step: number | null; steps: number | null; phase: string; preview: string | null }>(
    db,
    sql`select id, version, step, steps, phase, preview from jobs where id in (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))`,
  );
  return new Map(found.map(({ id, ...glimpse }) => [id, glimpse]));
};
