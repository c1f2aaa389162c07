import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import { ApiError } from "../errors.ts";
import { newId, type Id } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import { newWebhookSecret } from "../webhook/secret.ts";

const find = async (db: Db, userId: string): Promise<{ id: Id<"account">; deleted: boolean } | undefined> => {
  const [row] = await rows<{ id: Id<"account">; deleted: boolean }>(db, sql`select id, deleted_at is not null as deleted from accounts where user_id = ${userId}`);
  return row;
};

/** The account of somebody who signed in, made with its first credits when it is first asked for. Safe to call at once from many tabs. */
export const accountOfUser = async (db: Db, user: { readonly id: string; readonly name: string }): Promise<Id<"account">> => {
  let account = await find(db, user.id);
  if (account === undefined) {
    await db.execute(sql`
      with made as (
        insert into accounts (id, name, user_id, balance, running_limit, queued_limit, webhook_secret)
        values (${newId("account")}, ${user.name}, ${user.id}, ${LIMITS.signUpCredits}, ${LIMITS.runningJobsPerAccount}, ${LIMITS.queuedJobsPerAccount}, ${newWebhookSecret()})
        on conflict (user_id) do nothing returning id
      )
      insert into ledger (account_id, kind, amount, price) select id, 'grant', ${LIMITS.signUpCredits}, 0 from made`);
    account = await find(db, user.id);
  }
  if (account === undefined) throw new Error(`user ${user.id} has no account and none could be made`);
  if (account.deleted) throw new ApiError("unauthenticated", "This account was deleted.");
  return account.id;
};

/** What an account is called. */
export const accountName = async (db: Db, id: Id<"account">): Promise<string> => {
  const [row] = await rows<{ name: string }>(db, sql`select name from accounts where id = ${id} and deleted_at is null`);
  if (row === undefined) throw new ApiError("unauthenticated", "This account does not exist.");
  return row.name;
};
