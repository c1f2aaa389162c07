import { sql } from "drizzle-orm";
import { bigint, check, index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import type { KeyMode } from "../api-key.ts";
import type { Id } from "../ids.ts";
import type { Scope } from "../key/contract.ts";
import { authUsers } from "./auth.ts";
import { moment } from "./columns.ts";

/** Who pays. `balance` is the sum of the account's ledger; the check makes an overdraft abort the statement. */
export const accounts = pgTable(
  "accounts",
  {
    id: text("id").$type<Id<"account">>().primaryKey(),
    name: text("name").notNull(),
    /** Who signs in to it on the web; null for accounts that only have keys. */
    userId: text("user_id").unique().references(() => authUsers.id),
    balance: bigint("balance", { mode: "number" }).notNull().default(0),
    runningLimit: integer("running_limit").notNull(),
    queuedLimit: integer("queued_limit").notNull(),
    /** Signs the webhooks of jobs that name their own address. */
    webhookSecret: text("webhook_secret").notNull(),
    createdAt: moment("created_at").notNull().defaultNow(),
    deletedAt: moment("deleted_at"),
  },
  (t) => [check("accounts_balance_not_negative", sql`${t.balance} >= 0`)],
);

/** What a caller authenticates with. Only the SHA-256 of the secret is kept. */
export const apiKeys = pgTable(
  "api_keys",
  {
    id: text("id").$type<Id<"key">>().primaryKey(),
    accountId: text("account_id").$type<Id<"account">>().notNull().references(() => accounts.id),
    hash: text("hash").notNull(),
    mode: text("mode").$type<KeyMode>().notNull(),
    name: text("name").notNull(),
    last4: text("last4").notNull(),
    scopes: jsonb("scopes").$type<Scope[]>().notNull(),
    ipAllow: jsonb("ip_allow").$type<string[]>().notNull().default([]),
    createdAt: moment("created_at").notNull().defaultNow(),
    expiresAt: moment("expires_at"),
    revokedAt: moment("revoked_at"),
    lastUsedAt: moment("last_used_at"),
  },
  (t) => [uniqueIndex("api_keys_hash").on(t.hash), index("api_keys_account").on(t.accountId)],
);

/** GCRA state: `tat` is the theoretical arrival time of the next call. Unlogged: losing it forgives, never blocks. */
export const rateLimits = pgTable(
  "rate_limits",
  { subject: text("subject").notNull(), policy: text("policy").notNull(), tat: moment("tat").notNull() },
  (t) => [primaryKey({ columns: [t.subject, t.policy] })],
);

/** What an entry of the ledger is: `grant` adds credits, `reserve` holds a job's price, `capture` keeps it, `release` returns it. */
export type LedgerKind = "grant" | "reserve" | "capture" | "release";

/** Every change of a balance. `amount` is its effect on what can be spent; a capture's is 0, its `price` was reserved before. */
export const ledger = pgTable(
  "ledger",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    accountId: text("account_id").$type<Id<"account">>().notNull().references(() => accounts.id),
    jobId: text("job_id").$type<Id<"job">>(),
    kind: text("kind").$type<LedgerKind>().notNull(),
    amount: bigint("amount", { mode: "number" }).notNull(),
    price: bigint("price", { mode: "number" }).notNull(),
    at: moment("at").notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex("ledger_one_reserve").on(t.jobId).where(sql`${t.kind} = 'reserve'`),
    uniqueIndex("ledger_one_outcome").on(t.jobId).where(sql`${t.kind} in ('capture', 'release')`),
    index("ledger_account").on(t.accountId, t.at),
  ],
);

/** Which create an idempotency key stands for. */
export const idempotency = pgTable(
  "idempotency",
  {
    accountId: text("account_id").$type<Id<"account">>().notNull().references(() => accounts.id),
    key: text("key").notNull(),
    requestHash: text("request_hash").notNull(),
    resourceId: text("resource_id").$type<Id<"job"> | Id<"matrix">>().notNull(),
    expiresAt: moment("expires_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.accountId, t.key] }), index("idempotency_expires").on(t.expiresAt)],
);
