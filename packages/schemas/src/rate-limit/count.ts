import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { RATE_POLICIES, rateDecision, type RateDecision, type RatePolicyName } from "./policies.ts";

/** Counts a call of `subject` (an address, a session, a local account) against a policy; keys are counted as they are authenticated. */
export const countCall = async (db: Db, subject: string, policyName: RatePolicyName): Promise<RateDecision> => {
  const policy = RATE_POLICIES[policyName];
  const interval = sql`${policy.windowS / policy.quota} * interval '1 second'`;
  const [row] = await rows<{ counted: number | null; tat: number | null }>(
    db,
    sql`
    with counted as (
      insert into rate_limits (subject, policy, tat) values (${subject}, ${policy.name}, now() + ${interval})
      on conflict (subject, policy) do update set tat = greatest(rate_limits.tat, now()) + ${interval}
        where greatest(rate_limits.tat, now()) + ${interval} <= now() + ${policy.windowS} * interval '1 second'
      returning extract(epoch from tat - now())::float8 as tat
    )
    select (select tat from counted) as counted,
      (select extract(epoch from r.tat - now())::float8 from rate_limits r where r.subject = ${subject} and r.policy = ${policy.name}) as tat`,
  );
  return rateDecision(policy, row?.counted != null, row?.counted ?? row?.tat ?? 0);
};
