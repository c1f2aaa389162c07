import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { queueMail } from "@deadiff/schemas";
import { sql } from "drizzle-orm";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { sendMails, smtpMailer, type Mailer } from "../src/deliver/mail.ts";
import { TLS, useWorld } from "./world.ts";

const world = useWorld();

interface Arrived {
  readonly to: string[];
  readonly from: string;
  readonly raw: string;
  readonly secure: boolean;
}
let arrived: Arrived[] = [];
let refuse: number | undefined;
let server: SMTPServer;
let mailer: Mailer;

beforeAll(async () => {
  server = new SMTPServer({
    ...TLS,
    authOptional: false,
    onAuth: ({ username, password }, _session, callback) => (username === "studio" && password === "secret" ? callback(null, { user: username }) : callback(new Error("who?"))),
    onData: (stream, session, callback) => {
      void text(stream).then((raw) => {
        if (refuse !== undefined) {
          callback(Object.assign(new Error("not now"), { responseCode: refuse }));
          return;
        }
        const { mailFrom, rcptTo } = session.envelope;
        arrived.push({ to: rcptTo.map(({ address }) => address), from: mailFrom === false ? "" : mailFrom.address, raw, secure: session.secure });
        callback();
      });
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // The receiver's certificate is the test's own.
  mailer = smtpMailer(`smtp://studio:secret@127.0.0.1:${(server.server.address() as AddressInfo).port}?tls.rejectUnauthorized=false`, "Studio <studio@example.com>");
});
afterAll(async () => {
  mailer.close();
  await new Promise<void>((resolve) => server.close(resolve));
});
beforeEach(async () => {
  arrived = [];
  refuse = undefined;
  await world.db.execute(sql`delete from mails`);
});

const URL_OF_IT = "https://studio.example/auth/reset-password/abc?callbackURL=%2Fsign-in";
const queue = (recipient = "ada@example.com", name = "Ada") => queueMail(world.db, { recipient, kind: "reset_password", data: { name, url: URL_OF_IT } });
const round = () => sendMails(world.db, mailer, world.shop.log);
const state = async () => [...(await world.db.execute(sql`select attempts, sent_at is not null as sent, failed_at is not null as failed, data is not null as kept, round(extract(epoch from next_at - now()))::int as next_s from mails order by id`))];
/** The text as its reader sees it. */
const read = (raw: string): string => raw.replaceAll("=\r\n", "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

test("queued mail arrives once over an encrypted connection, with its link, from the configured sender; the link does not stay with us", async () => {
  await queue();
  const done = await Promise.all([round(), round(), round()]);
  expect(done.reduce((sum, n) => sum + n, 0)).toBe(1);
  expect(await round()).toBe(0);
  expect(arrived).toHaveLength(1);
  expect(arrived[0]).toMatchObject({ to: ["ada@example.com"], from: "studio@example.com", secure: true });
  expect(arrived[0]!.raw).toContain("Subject: Choose a new password");
  expect(read(arrived[0]!.raw)).toContain(URL_OF_IT);
  expect(await state()).toMatchObject([{ attempts: 1, sent: true, failed: false, kept: false }]);
  expect(JSON.stringify(world.lines)).not.toMatch(/reset-password|ada@example/);
});

test("a server that cannot take it now is asked again, ever later, and not for ever", async () => {
  await queue();
  refuse = 451;
  for (const next of [10, 60, 300, 900]) {
    expect(await round()).toBe(1);
    const [row] = await state();
    expect(row).toMatchObject({ sent: false, failed: false, kept: true });
    expect(Math.abs(Number(row!["next_s"]) - next)).toBeLessThanOrEqual(2);
    expect(await round()).toBe(0);
    await world.db.execute(sql`update mails set next_at = now()`);
  }
  await round();
  expect(await state()).toMatchObject([{ attempts: 5, sent: false, failed: true, kept: false }]);
  refuse = undefined;
  expect(await round()).toBe(0);
  expect(arrived).toEqual([]);
});

test("a server that will not take it is not asked again, and a deliverer that died is stood in for", async () => {
  await queue();
  refuse = 550;
  await round();
  expect(await state()).toMatchObject([{ attempts: 1, failed: true, kept: false }]);
  refuse = undefined;
  await queue();
  await world.db.execute(sql`update mails set attempts = 1, next_at = now() - interval '1 second' where failed_at is null`);
  expect(await round()).toBe(1);
  expect(arrived).toHaveLength(1);
});

test("a name or an address adds no header and no reader", async () => {
  await queue("ada@example.com", "Ada\r\nBcc: eve@example.com\r\n\r\nhi");
  await queue("ada@example.com, eve@example.com");
  await round();
  expect(arrived.flatMap(({ to }) => to).filter((address) => address === "eve@example.com")).toEqual([]);
  for (const { raw } of arrived) expect(raw.split("\r\n\r\n")[0]).not.toMatch(/^bcc:/im);
});

test("nobody there: it waits for the next try, and the round itself does not fail", async () => {
  await queue();
  const nobody = smtpMailer("smtp://127.0.0.1:1", "Studio <studio@example.com>");
  expect(await sendMails(world.db, nobody, world.shop.log)).toBe(1);
  nobody.close();
  expect(await state()).toMatchObject([{ attempts: 1, sent: false, failed: false, kept: true }]);
});
