import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";
import { newId, type Id } from "../ids.ts";
import { LIMITS } from "../limits.ts";
import { newWebhookSecret } from "../webhook/secret.ts";

/** What an account starts with. */
export interface NewAccount {
  readonly name: string;
  readonly credits: number;
  readonly id?: Id<"account">;
  readonly runningLimit?: number;
  readonly queuedLimit?: number;
}

/** Makes an account and grants its first credits, in one statement. */
export const createAccount = async (db: Db, account: NewAccount): Promise<Id<"account">> => {
  const id = account.id ?? newId("account");
  await db.execute(sql`
    with made as (
      insert into accounts (id, name, balance, running_limit, queued_limit, webhook_secret)
      values (${id}, ${account.name}, ${account.credits}, ${account.runningLimit ?? LIMITS.runningJobsPerAccount},
        ${account.queuedLimit ?? LIMITS.queuedJobsPerAccount}, ${newWebhookSecret()})
      returning id
    )
    insert into ledger (account_id, kind, amount, price) select id, 'grant', ${account.credits}, 0 from made`);
  return id;
};

/** Adds credits to an account. */
export const grantCredits = async (db: Db, id: Id<"account">, credits: number): Promise<void> => {
  await db.execute(sql`
    with paid as (update accounts set balance = balance + ${credits} where id = ${id} returning id)
    insert into ledger (account_id, kind, amount, price) select id, 'grant', ${credits}, 0 from paid`);
};
