import { reportMail, takeMails, type Db, type QueuedMail } from "@deadiff/schemas";
import { createTransport } from "nodemailer";
import type { Log } from "../log.ts";

/** Hands mail in. Rejects when it was not taken. */
export interface Mailer {
  readonly send: (mail: QueuedMail) => Promise<void>;
  readonly close: () => void;
}

/** One after the other over few connections: this is mail to people who wait for it, not a campaign. */
const CONNECTIONS = 2;
const BATCH = 10;
const TIMEOUT_MS = 20_000;

const letter = ({ kind, data: { name, url } }: QueuedMail): { readonly subject: string; readonly text: string } => {
  switch (kind) {
    case "verify_address":
      return { subject: "Confirm your e-mail address", text: `Hello ${name},\n\nopen this address to confirm that this mailbox is yours. It works for 24 hours.\n\n${url}\n\nIf you made no account at DEADiff Studio, nothing has to be done.\n` };
    case "reset_password":
      return { subject: "Choose a new password", text: `Hello ${name},\n\nopen this address to choose a new password. It works for one hour, once.\n\n${url}\n\nIf you did not ask for it, nothing has to be done: your password stays as it is.\n` };
  }
};

/** A mailer that speaks SMTP. `url` as nodemailer takes it; the connection is encrypted wherever the server can. */
export const smtpMailer = (url: string, from: string): Mailer => {
  const transport = createTransport({ url, pool: true, maxConnections: CONNECTIONS, connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS }, { from });
  return {
    send: async (mail) => {
      // An address object, so that nothing in the address is read as a list of others.
      await transport.sendMail({ to: { name: "", address: mail.recipient }, ...letter(mail) });
    },
    close: () => transport.close(),
  };
};

/** A server that refuses for good (5xx) says so: trying again would only annoy it. */
const isFinal = (error: unknown): boolean => error instanceof Error && "responseCode" in error && typeof error.responseCode === "number" && error.responseCode >= 500;

/** One round: sends what is due. Dying between sending and noting it sends twice, which does no harm. */
export const sendMails = async (db: Db, mailer: Mailer, log: Log): Promise<number> => {
  const mails = await takeMails(db, BATCH);
  await Promise.all(
    mails.map(async (mail) => {
      try {
        await mailer.send(mail);
        await reportMail(db, mail.id, "sent");
        log("info", "mail_sent", { mail_id: mail.id, kind: mail.kind });
      } catch (error) {
        await reportMail(db, mail.id, isFinal(error) ? "refused" : "failed");
        // Neither the address nor the link: logs are read by more people than mail is.
        log("warn", "mail_failed", { mail_id: mail.id, kind: mail.kind, final: isFinal(error), code: error instanceof Error && "code" in error ? error.code : undefined });
      }
    }),
  );
  return mails.length;
};
