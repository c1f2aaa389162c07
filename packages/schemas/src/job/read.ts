import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import type { Id } from "../ids.ts";
import type { JobRow } from "./row.ts";

/** The job whoever owns it, or `undefined`: for workers and sweepers. */
export const readJob = async (db: Db, id: Id<"job">): Promise<JobRow | undefined> => {
  const [found] = await rows<{ job: JobRow }>(db, sql`select to_jsonb(jobs) as job from jobs where id = ${id}`);
  return found?.job;
};

/** The account's job. Throws `not_found` for another account's, `gone` for a deleted one. */
export const getJob = async (db: Db, accountId: Id<"account">, id: Id<"job">): Promise<JobRow> => {
  const [found] = await rows<{ job: JobRow }>(db, sql`select to_jsonb(jobs) as job from jobs where id = ${id} and account_id = ${accountId}`);
  if (found === undefined) throw new ApiError("not_found", `There is no job ${id} in this account.`);
  if (found.job.deleted_at !== null) throw new ApiError("gone", `Job ${id} was deleted.`);
  return found.job;
};
