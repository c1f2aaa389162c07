import { sql } from "drizzle-orm";
import { bigint, index, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import type { MailData, MailKind } from "../mail/queue.ts";
import { moment } from "./columns.ts";

/** Mail to be sent by whoever delivers. `data` holds a link that opens an account: it goes as soon as the mail went, or was given up. */
export const mails = pgTable(
  "mails",
  {
    id: bigint("id", { mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    recipient: text("recipient").notNull(),
    kind: text("kind").$type<MailKind>().notNull(),
    data: jsonb("data").$type<MailData>(),
    attempts: integer("attempts").notNull().default(0),
    /** When it is tried next; while an attempt runs, when that one is taken for lost. */
    nextAt: moment("next_at").notNull().defaultNow(),
    createdAt: moment("created_at").notNull().defaultNow(),
    sentAt: moment("sent_at"),
    failedAt: moment("failed_at"),
  },
  (t) => [index("mails_due").on(t.nextAt).where(sql`${t.sentAt} is null and ${t.failedAt} is null`), index("mails_recipient").on(t.recipient, t.createdAt)],
);
