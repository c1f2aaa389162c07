import { sql } from "drizzle-orm";
import { newApiKey, sha256Hex } from "../api-key.ts";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import { newId, type Id } from "../ids.ts";
import { KEYS_MAX, type Key, type KeyInput } from "./contract.ts";

const iso = (moment: string | null): string | null => (moment === null ? null : new Date(moment).toISOString());

interface KeyRow extends Record<string, unknown> {
  key: Omit<Key, "object">;
}

const present = ({ key }: KeyRow): Key => ({
  id: key.id,
  object: "key",
  name: key.name,
  mode: key.mode,
  last4: key.last4,
  scopes: key.scopes,
  ip_allow: key.ip_allow,
  created_at: new Date(key.created_at).toISOString(),
  expires_at: iso(key.expires_at),
  revoked_at: iso(key.revoked_at),
  last_used_at: iso(key.last_used_at),
});

/** Makes a key. The secret is in the answer and nowhere else. Throws `conflict` at the limit of working keys. */
export const createKey = async (db: Db, accountId: Id<"account">, input: KeyInput): Promise<Key & { secret: string }> => {
  const secret = newApiKey(input.mode);
  const [row] = await rows<KeyRow>(
    db,
    sql`
    insert into api_keys (id, account_id, hash, mode, name, last4, scopes, ip_allow, expires_at)
    select ${newId("key")}, ${accountId}, ${sha256Hex(secret)}, ${input.mode}, ${input.name}, ${secret.slice(-4)},
      ${JSON.stringify(input.scopes)}::jsonb, ${JSON.stringify(input.ip_allow)}::jsonb, ${input.expires_at ?? null}::timestamptz
    where (select count(*) from api_keys where account_id = ${accountId} and revoked_at is null) < ${KEYS_MAX}
    returning to_jsonb(api_keys) as key`,
  );
  if (row === undefined) throw new ApiError("conflict", `An account has at most ${KEYS_MAX} keys: revoke one first.`);
  return { ...present(row), secret };
};

/** The account's keys, newest first. */
export const listKeys = async (db: Db, accountId: Id<"account">): Promise<Key[]> =>
  (
    await rows<KeyRow>(db, sql`select to_jsonb(api_keys) as key from api_keys where account_id = ${accountId} order by created_at desc, id desc limit 200`)
  ).map(present);

/** Makes a key useless from now on. Revoking twice changes nothing. Throws `not_found`. */
export const revokeKey = async (db: Db, accountId: Id<"account">, id: Id<"key">): Promise<Key> => {
  const [row] = await rows<KeyRow>(
    db,
    sql`
    update api_keys set revoked_at = least(revoked_at, now()) where id = ${id} and account_id = ${accountId}
    returning to_jsonb(api_keys) as key`,
  );
  if (row === undefined) throw new ApiError("not_found", `There is no key ${id} in this account.`);
  return present(row);
};

/** Makes a successor with the same rights; the old key ends after `overlapS`. Throws `not_found`, or `conflict` for a revoked key. */
export const rollKey = async (db: Db, accountId: Id<"account">, id: Id<"key">, overlapS: number): Promise<Key & { secret: string }> => {
  const [old] = (await listKeys(db, accountId)).filter((key) => key.id === id);
  if (old === undefined) throw new ApiError("not_found", `There is no key ${id} in this account.`);
  if (old.revoked_at !== null && Date.parse(old.revoked_at) <= Date.now()) throw new ApiError("conflict", `Key ${id} is revoked.`);
  const { expires_at, ...rest } = old;
  return db.transaction(async (tx) => {
    const made = await createKey(tx, accountId, { ...rest, ...(expires_at === null ? {} : { expires_at }) });
    await tx.execute(sql`update api_keys set revoked_at = least(revoked_at, now() + ${overlapS} * interval '1 second') where id = ${id}`);
    return made;
  });
};
