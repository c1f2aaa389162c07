import { sql } from "drizzle-orm";
import { z } from "zod";
import { rows, type Db } from "../db.ts";
import type { Id } from "../ids.ts";

/** What an account has, holds and spent. */
export const usageSchema = z
  .object({
    object: z.literal("usage"),
    balance: z.int().meta({ description: "Credits that can be spent." }),
    reserved: z.int().meta({ description: "Credits held by open jobs." }),
    queued: z.int(),
    running: z.int(),
    days: z.array(z.object({ day: z.iso.date(), jobs: z.int(), credits: z.int() })).meta({ description: "Succeeded jobs of the last 30 days (UTC)." }),
  })
  .meta({ id: "Usage" });

/** Reads {@link usageSchema} from the ledger. */
export const getUsage = async (db: Db, accountId: Id<"account">): Promise<z.infer<typeof usageSchema>> => {
  const [row] = await rows<{ usage: Omit<z.infer<typeof usageSchema>, "object"> }>(
    db,
    sql`
    select jsonb_build_object(
      'balance', a.balance,
      'reserved', (select coalesce(sum(price), 0) from jobs where account_id = a.id and state in ('queued', 'running')),
      'queued', (select count(*) from jobs where account_id = a.id and state = 'queued'),
      'running', (select count(*) from jobs where account_id = a.id and state = 'running'),
      'days', (select coalesce(jsonb_agg(to_jsonb(d) order by d.day), '[]') from (
        select (at at time zone 'UTC')::date as day, count(*) as jobs, sum(price) as credits
        from ledger where account_id = a.id and kind = 'capture' and at > now() - interval '30 days' group by 1) as d)) as usage
    from accounts a where a.id = ${accountId}`,
  );
  if (row === undefined) throw new Error(`usage of ${accountId}: the account of an authenticated key is missing`);
  return { object: "usage", ...row.usage };
};
