import { sql } from "drizzle-orm";
import { parseApiKey, sha256Hex, type KeyMode } from "../api-key.ts";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import type { Id } from "../ids.ts";
import { RATE_POLICIES, rateDecision, type RateDecision, type RatePolicyName } from "../rate-limit/policies.ts";
import type { Scope } from "./contract.ts";

/** Who calls, and whether the call is within the limits. */
export interface Caller {
  readonly accountId: Id<"account">;
  /** Null: somebody at the web app. */
  readonly keyId: Id<"key"> | null;
  readonly mode: KeyMode;
  readonly scopes: readonly Scope[];
  readonly ipAllow: readonly string[];
  readonly rate: RateDecision;
}

/**
 * Finds the key and counts the call against `policyName`, in one statement. No cache: a revoked key stops at once.
 * Throws `unauthenticated`, with the same words for a mistyped, unknown, revoked or expired key.
 */
export const authenticate = async (db: Db, secret: string, policyName: RatePolicyName): Promise<Caller> => {
  const refused = () => new ApiError("unauthenticated", "The API key is not valid. Keys look like dd_live_... and are made in the account's settings.");
  if (parseApiKey(secret) === undefined) throw refused();
  const policy = RATE_POLICIES[policyName];
  const interval = sql`${policy.windowS / policy.quota} * interval '1 second'`;
  const [row] = await rows<{
    id: Id<"key">;
    account_id: Id<"account">;
    mode: KeyMode;
    scopes: Scope[];
    ip_allow: string[];
    counted: number | null;
    tat: number | null;
  }>(
    db,
    sql`
    with found as (
      select k.id, k.account_id, k.mode, k.scopes, k.ip_allow from api_keys k join accounts a on a.id = k.account_id
      where k.hash = ${sha256Hex(secret)} and (k.revoked_at is null or k.revoked_at > now())
        and (k.expires_at is null or k.expires_at > now()) and a.deleted_at is null
    ),
    used as (
      update api_keys set last_used_at = date_trunc('minute', now()) from found
      where api_keys.id = found.id and api_keys.last_used_at is distinct from date_trunc('minute', now())
    ),
    counted as (
      insert into rate_limits (subject, policy, tat) select id, ${policy.name}, now() + ${interval} from found
      on conflict (subject, policy) do update set tat = greatest(rate_limits.tat, now()) + ${interval}
        where greatest(rate_limits.tat, now()) + ${interval} <= now() + ${policy.windowS} * interval '1 second'
      returning extract(epoch from tat - now())::float8 as tat
    )
    select found.*, (select tat from counted) as counted,
      (select extract(epoch from r.tat - now())::float8 from rate_limits r where r.subject = found.id and r.policy = ${policy.name}) as tat
    from found`,
  );
  if (row === undefined) throw refused();
  return {
    accountId: row.account_id,
    keyId: row.id,
    mode: row.mode,
    scopes: row.scopes,
    ipAllow: row.ip_allow,
    rate: rateDecision(policy, row.counted !== null, row.counted ?? row.tat ?? 0),
  };
};
