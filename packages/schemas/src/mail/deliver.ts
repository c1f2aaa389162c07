import { sql } from "drizzle-orm";
import { rows, type Db } from "../db.ts";
import type { MailData, MailKind } from "./queue.ts";

/** Mail taken for one attempt. */
export interface QueuedMail {
  readonly id: number;
  readonly recipient: string;
  readonly kind: MailKind;
  readonly data: MailData;
}

/** Longer than an attempt may take: past it, whoever took the mail is taken for dead, and it is sent again. */
const LEASE_S = 120;
/** Seconds from one attempt to the next. Together less than the links in the mail are good for. */
export const MAIL_RETRY_S = [10, 60, 300, 900] as const;

/** Takes up to `limit` due mails. Any number of deliverers may take at once; each mail goes to one. */
export const takeMails = async (db: Db, limit: number): Promise<QueuedMail[]> => {
  const taken = await rows<{ id: string; recipient: string; kind: MailKind; data: MailData }>(
    db,
    sql`
    update mails set attempts = attempts + 1, next_at = now() + ${LEASE_S} * interval '1 second'
    where id in (
      select id from mails where sent_at is null and failed_at is null and next_at <= now() order by next_at limit ${limit} for update skip locked)
    returning id, recipient, kind, data`,
  );
  return taken.map((mail) => ({ ...mail, id: Number(mail.id) }));
};

/** Records how an attempt ended: sent, to be tried again later, or (after the last try, or refused for good) given up. */
export const reportMail = async (db: Db, id: number, outcome: "sent" | "failed" | "refused"): Promise<void> => {
  const retryS = sql`(${JSON.stringify(MAIL_RETRY_S)}::jsonb ->> (attempts - 1))::int`;
  const over = sql`(${outcome} = 'refused' or ${retryS} is null)`;
  await db.execute(
    outcome === "sent"
      ? sql`update mails set sent_at = now(), data = null where id = ${id}`
      : sql`
        update mails set failed_at = case when ${over} then now() end, data = case when ${over} then null else data end,
          next_at = now() + coalesce(${retryS}, 0) * interval '1 second'
        where id = ${id} and sent_at is null`,
  );
};
