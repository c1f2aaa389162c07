import { sql } from "drizzle-orm";
import { index, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import type { Id } from "../ids.ts";
import type { AttemptOutcome, MessageState, WebhookEventType } from "../webhook/contract.ts";
import { accounts } from "./accounts.ts";
import { moment } from "./columns.ts";

/** An address that wants to hear of events. */
export const webhookEndpoints = pgTable(
  "webhook_endpoints",
  {
    id: text("id").$type<Id<"endpoint">>().primaryKey(),
    accountId: text("account_id").$type<Id<"account">>().notNull().references(() => accounts.id),
    url: text("url").notNull(),
    description: text("description").notNull().default(""),
    events: jsonb("events").$type<WebhookEventType[]>().notNull(),
    secret: text("secret").notNull(),
    previousSecret: text("previous_secret"),
    previousSecretUntil: moment("previous_secret_until"),
    state: text("state").$type<"enabled" | "disabled">().notNull().default("enabled"),
    disabledReason: text("disabled_reason").$type<"owner" | "gone" | "failing">(),
    /** Since when every attempt failed; null after a success. */
    failingSince: moment("failing_since"),
    lastFailureAt: moment("last_failure_at"),
    warnedAt: moment("warned_at"),
    createdAt: moment("created_at").notNull().defaultNow(),
    deletedAt: moment("deleted_at"),
  },
  (t) => [index("webhook_endpoints_account").on(t.accountId)],
);

/** One event for one address. Its body is fixed at the first attempt and sent byte for byte in all later ones. */
export const webhookMessages = pgTable(
  "webhook_messages",
  {
    id: text("id").$type<Id<"message">>().primaryKey(),
    accountId: text("account_id").$type<Id<"account">>().notNull(),
    /** Null: a job's own address, in `url`. */
    endpointId: text("endpoint_id").$type<Id<"endpoint">>().references(() => webhookEndpoints.id),
    url: text("url"),
    jobId: text("job_id").$type<Id<"job">>(),
    version: integer("version"),
    type: text("type").$type<WebhookEventType>().notNull(),
    /** For events that are no job's: the data of the payload. A job's data is its event's row. */
    data: jsonb("data"),
    body: text("body"),
    state: text("state").$type<MessageState>().notNull().default("pending"),
    attempts: integer("attempts").notNull().default(0),
    /** Attempts made before a replay or redelivery started the schedule over. */
    scheduleBase: integer("schedule_base").notNull().default(0),
    nextAt: moment("next_at").notNull().defaultNow(),
    leaseUntil: moment("lease_until"),
    createdAt: moment("created_at").notNull().defaultNow(),
  },
  (t) => [
    uniqueIndex("webhook_messages_once").on(t.endpointId, t.jobId, t.version).where(sql`${t.endpointId} is not null and ${t.jobId} is not null`),
    uniqueIndex("webhook_messages_once_own_url").on(t.jobId, t.version).where(sql`${t.endpointId} is null`),
    index("webhook_messages_due").on(t.nextAt).where(sql`${t.state} = 'pending'`),
    index("webhook_messages_endpoint_due").on(t.endpointId, t.nextAt).where(sql`${t.state} = 'pending'`),
    index("webhook_messages_account").on(t.accountId, t.createdAt.desc(), t.id.desc()),
    index("webhook_messages_job").on(t.jobId),
  ],
);

/** One try at delivering a message. The row is written before the first byte goes out, so a crash leaves `unknown`, not a gap. */
export const webhookAttempts = pgTable(
  "webhook_attempts",
  {
    messageId: text("message_id").$type<Id<"message">>().notNull().references(() => webhookMessages.id, { onDelete: "cascade" }),
    n: integer("n").notNull(),
    startedAt: moment("started_at").notNull().defaultNow(),
    endedAt: moment("ended_at"),
    outcome: text("outcome").$type<AttemptOutcome>().notNull(),
    status: integer("status"),
    response: text("response"),
    error: text("error"),
  },
  (t) => [primaryKey({ columns: [t.messageId, t.n] })],
);
