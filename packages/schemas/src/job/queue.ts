import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import type { Id } from "../ids.ts";
import type { Job } from "./contract.ts";

/** Places beyond this one are not told apart. */
const TOLD_APART = 1000;

/** Where a waiting job stands among the waiting jobs of all accounts. */
export type PlaceInQueue = (id: Id<"job">) => Job["queue"];

/**
 * Looks at the head of the queue, for the places of any number of jobs. An estimate: a moment later other jobs wait, and an account
 * that runs as many as it may lets those of others pass. A job that is not among them came later.
 */
export const readQueue = async (db: Db): Promise<PlaceInQueue> => {
  const [row] = await rows<{ ids: Id<"job">[] | null }>(
    db,
    sql`
    select jsonb_agg(id order by created_at, id) as ids
    from (select id, created_at from jobs where state = 'queued' order by created_at, id limit ${TOLD_APART}) as head`,
  );
  const places = new Map((row?.ids ?? []).map((id, i) => [id, i + 1]));
  return (id) => ({ position: places.get(id) ?? places.size + 1, position_is_estimate: true });
};
