import { sql } from "drizzle-orm";
import type { Db } from "../db.ts";

/** What mail is about. */
export type MailKind = "verify_address" | "reset_password";

/** What a mail is written from. */
export interface MailData {
  readonly name: string;
  /** Where its reader goes next. Whoever has it can do what the mail is about. */
  readonly url: string;
}

/** So many to one address in an hour: somebody else's mailbox is not to be filled from here. */
const PER_HOUR = 5;

/** Queues mail to `recipient`; what is beyond the hourly measure of an address is dropped in silence, as the caller must not learn who has an account. */
export const queueMail = async (db: Db, mail: { readonly recipient: string; readonly kind: MailKind; readonly data: MailData }): Promise<void> => {
  await db.execute(sql`
    insert into mails (recipient, kind, data)
    select ${mail.recipient}, ${mail.kind}, ${JSON.stringify(mail.data)}::jsonb
    where (select count(*) from mails where recipient = ${mail.recipient} and created_at > now() - interval '1 hour') < ${PER_HOUR}`);
};
