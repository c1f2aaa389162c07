import { createAccount, type Id, type Job, type Picture, type SessionInfo } from "@deadiff/schemas";
import { sql } from "drizzle-orm";
import { beforeAll, expect, test } from "vitest";
import { accessOf } from "../src/adapters.ts";
import type { WebAuthSettings } from "../src/auth/web-auth.ts";
import { envSchema } from "../src/env.ts";
import { finish, tenant, useWorld } from "./world.ts";

const world = useWorld();
const ORIGIN = "https://studio.example.com";
const set = (access: { auth?: WebAuthSettings | null; localAccount?: Id<"account"> | null }) => Object.assign(world.services, access);
const AUTH = { auth: { secret: "s".repeat(40), origins: [ORIGIN] as [string], mail: false }, localAccount: null };
beforeAll(() => void set(AUTH));

let people = 0;
const person = () => ({ name: "Ada", email: `ada-${++people}@example.com`, password: "correct horse battery" });
const post = (path: string, body: unknown, headers: Record<string, string> = {}) => world.call("POST", path, { body, ip: `10.0.0.${people % 250}`, headers: { origin: ORIGIN, ...headers } });
const cookiesOf = (response: Response): string => response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ");
const me = async (headers: Record<string, string> = {}) => (await (await world.call("GET", "/v1/session", { headers })).json()) as SessionInfo;

test("signing up signs in, makes one account with credits, and what is made at the web app is kept", async () => {
  const response = await post("/auth/sign-up/email", person());
  expect(response.status).toBe(200);
  const cookie = cookiesOf(response);
  for (const header of response.headers.getSetCookie()) expect(header).toMatch(/^__Secure-deadiff\..*HttpOnly.*SameSite=Lax|^__Secure-deadiff\..*SameSite=Lax.*HttpOnly|^__Secure-deadiff\..*Secure/i);
  const sessions = await Promise.all(Array.from({ length: 4 }, () => me({ cookie })));
  expect(new Set(sessions.map(({ account }) => account?.id)).size).toBe(1);
  expect(sessions[0]).toMatchObject({ kind: "user", signed_in: true, user: { name: "Ada" }, account: { name: "Ada" }, sign_in: true });
  const created = await post("/v1/jobs", { input: { prompt: "a dog" } }, { cookie });
  expect(created.status).toBe(202);
  const job = (await created.json()) as Job;
  await finish(world, job.id);
  const { data } = (await (await world.call("GET", "/v1/pictures", { headers: { cookie } })).json()) as { data: Picture[] };
  expect(data).toMatchObject([{ job: job.id, expires_at: null }]);
  const usage = (await (await world.call("GET", "/v1/usage", { headers: { cookie } })).json()) as { balance: number; reserved: number };
  expect(usage.balance + usage.reserved).toBe(199);
});

test("a page of another site can do nothing with the cookie, nor can a call that does not say where it comes from", async () => {
  const cookie = cookiesOf(await post("/auth/sign-up/email", person()));
  for (const headers of [{ cookie, origin: "https://evil.example" }, { cookie, origin: "null" }, { cookie, origin: `${ORIGIN}.evil.example` }] as Record<string, string>[]) {
    expect((await world.call("POST", "/v1/jobs", { headers, body: { input: { prompt: "x" } } })).status).toBe(403);
    expect((await world.call("POST", "/trpc/jobs.create", { headers, body: { input: { prompt: "x" } } })).status).toBe(403);
  }
  expect((await world.call("POST", "/v1/jobs", { headers: { cookie }, body: { input: { prompt: "x" } } })).status).toBe(403);
  const allowed = (await world.call("GET", "/v1/jobs", { headers: { cookie, origin: "https://evil.example" } })).headers;
  expect(allowed.get("access-control-allow-credentials")).toBeNull();
});

test("signing in needs the password, signing out ends the session, and tries are counted by address", async () => {
  const { password, ...ada } = person();
  const first = cookiesOf(await post("/auth/sign-up/email", { ...ada, password }));
  expect((await post("/auth/sign-in/email", { email: ada.email, password: "wrong horse battery" })).status).toBe(401);
  const cookie = cookiesOf(await post("/auth/sign-in/email", { email: ada.email, password }));
  expect((await me({ cookie })).account?.id).toBe((await me({ cookie: first })).account?.id);
  expect((await post("/auth/sign-out", {}, { cookie })).status).toBe(200);
  expect(await me({ cookie })).toMatchObject({ kind: "none", signed_in: false, account: null });
  expect((await me({ cookie: first })).signed_in).toBe(true);
  expect((await post("/v1/jobs", { input: { prompt: "x" } }, { cookie })).status).toBe(401);
  expect((await me({ cookie: `${first.slice(0, -3)}xyz` })).signed_in).toBe(false);
  const tries = await Promise.all(Array.from({ length: 25 }, () => world.call("POST", "/auth/sign-in/email", { ip: "192.0.2.1", headers: { origin: ORIGIN }, body: { email: ada.email, password: "wrong horse battery" } })));
  const refused = tries.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]!.headers.get("retry-after")).toMatch(/^\d+$/);
}, 60_000);

test("a key goes before a cookie, and a wrong key is not made good by one", async () => {
  const cookie = cookiesOf(await post("/auth/sign-up/email", person()));
  const { key, accountId } = await tenant(world.db);
  expect(await me({ cookie, authorization: `Bearer ${key}` })).toMatchObject({ kind: "key", account: { id: accountId }, user: null });
  expect((await world.call("GET", "/v1/session", { key: `${key}x`, headers: { cookie } })).status).toBe(401);
});

test("the local account needs no sign-in from this machine, and does not exist for anyone else", async () => {
  const accountId = await createAccount(world.db, { name: "local", credits: 10 });
  set({ auth: null, localAccount: accountId });
  try {
    const status = async (url: string, headers: Record<string, string> = {}, ip?: string) => (await world.call("POST", url, { headers, body: { input: { prompt: "x" } }, ...(ip === undefined ? {} : { ip }) })).status;
    for (const base of ["http://localhost", "http://127.0.0.1:8787", "http://[::1]:3000", "http://studio.localhost:3000"]) expect(await status(`${base}/v1/jobs`)).toBe(202);
    expect(await status("http://localhost/v1/jobs", { origin: "http://localhost:3000", "x-forwarded-host": "127.0.0.1:3000", "sec-fetch-site": "same-origin" }, "127.0.0.1")).toBe(202);
    expect(await me()).toMatchObject({ kind: "local", signed_in: true, account: { id: accountId }, sign_in: false });
    for (const [url, headers, ip] of [
      ["http://studio.example.com/v1/jobs", {}, undefined],
      ["http://127.0.0.1.evil.example/v1/jobs", {}, undefined],
      ["http://localhost/v1/jobs", { host: "rebound.example" }, undefined],
      ["http://localhost/v1/jobs", { origin: "https://evil.example" }, undefined],
      ["http://localhost/v1/jobs", { origin: "null" }, undefined],
      ["http://localhost/v1/jobs", { "sec-fetch-site": "cross-site" }, undefined],
      ["http://localhost/v1/jobs", { "x-forwarded-host": "studio.example.com" }, undefined],
      ["http://localhost/v1/jobs", {}, "192.0.2.7"],
    ] as [string, Record<string, string>, string | undefined][]) {
      expect(await status(url, headers, ip)).toBe(403);
    }
    expect((await world.call("POST", "/auth/sign-in/email", { body: {} })).status).toBe(404);
  } finally {
    set(AUTH);
  }
});

test("settings that do not go together are refused at the start", () => {
  const base = { DATABASE_URL: "postgres://x", S3_ENDPOINT: "http://127.0.0.1:1", S3_BUCKET: "b", SQS_QUEUE_URL: "http://127.0.0.1:1/q", AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s" };
  expect(accessOf(envSchema.parse(base))).toEqual({ auth: null, localAccount: null });
  expect(() => accessOf(envSchema.parse({ ...base, AUTH_SECRET: "s".repeat(32) }))).toThrow("WEB_ORIGINS");
  expect(accessOf(envSchema.parse({ ...base, AUTH_SECRET: "s".repeat(32), WEB_ORIGINS: "https://a.example/x, https://b.example" })).auth?.origins).toEqual(["https://a.example", "https://b.example"]);
  expect(envSchema.safeParse({ ...base, AUTH_SECRET: "short" }).success).toBe(false);
  expect(envSchema.safeParse({ ...base, LOCAL_ACCOUNT: "me" }).success).toBe(false);
});

interface Letter {
  readonly kind: string;
  readonly data: { readonly name: string; readonly url: string };
}
const lettersTo = async (recipient: string): Promise<Letter[]> => {
  const found: unknown = await world.db.execute(sql`select kind, data from mails where recipient = ${recipient} order by id`);
  return found as Letter[];
};
/** Opens the link of a letter, as it stands in it, as a browser does. */
const follow = (url: string) => {
  expect(new URL(url).origin).toBe(ORIGIN);
  return world.call("GET", url.slice(ORIGIN.length), { ip: "10.0.1.1" });
};

test("where mail is sent an address is confirmed before anything is done with it", async () => {
  set({ auth: { ...AUTH.auth, mail: true } });
  const ada = person();
  const signedUp = await post("/auth/sign-up/email", ada);
  expect([signedUp.status, cookiesOf(signedUp)]).toEqual([200, ""]);
  const early = await post("/auth/sign-in/email", ada);
  expect([early.status, cookiesOf(early)]).toEqual([403, ""]);
  const letters = await lettersTo(ada.email);
  expect(letters.map(({ kind, data }) => [kind, data.name])).toEqual([["verify_address", "Ada"], ["verify_address", "Ada"]]);
  const confirmed = await follow(letters[0]!.data.url);
  expect(confirmed.status).toBe(302);
  expect(await me({ cookie: cookiesOf(confirmed) })).toMatchObject({ kind: "user", user: { email: ada.email }, mail: true });
  expect((await post("/auth/sign-in/email", ada)).status).toBe(200);
  set(AUTH);
});

test("a password is reset by a link that works once, and ends every session; of an address without an account nothing is told and nothing is sent", async () => {
  set({ auth: { ...AUTH.auth, mail: true } });
  const ada = person();
  await post("/auth/sign-up/email", ada);
  const cookie = cookiesOf(await follow((await lettersTo(ada.email))[0]!.data.url));
  expect((await me({ cookie })).kind).toBe("user");
  const ask = (email: string) => post("/auth/request-password-reset", { email, redirectTo: "/sign-in" });
  const [known, unknown] = [await ask(ada.email), await ask("nobody@example.com")];
  expect([known.status, await known.json()]).toEqual([unknown.status, await unknown.json()]);
  expect(await lettersTo("nobody@example.com")).toEqual([]);
  const letter = (await lettersTo(ada.email)).at(-1)!;
  expect(letter.kind).toBe("reset_password");
  const opened = await follow(letter.data.url);
  const target = new URL(opened.headers.get("location")!, ORIGIN);
  expect([opened.status, target.origin, target.pathname]).toEqual([302, ORIGIN, "/sign-in"]);
  const reset = () => post("/auth/reset-password", { newPassword: "another good horse", token: target.searchParams.get("token") });
  expect((await reset()).status).toBe(200);
  expect((await reset()).status).toBe(400);
  expect((await me({ cookie })).kind).toBe("none");
  expect((await post("/auth/sign-in/email", ada)).status).toBe(401);
  expect((await post("/auth/sign-in/email", { ...ada, password: "another good horse" })).status).toBe(200);
  // A page elsewhere is not where the link leads.
  expect((await post("/auth/request-password-reset", { email: ada.email, redirectTo: "https://evil.example/x" })).status).toBe(403);
  set(AUTH);
});

test("nobody's mailbox is filled from here: so many letters an hour, no more", async () => {
  set({ auth: { ...AUTH.auth, mail: true } });
  const ada = person();
  await post("/auth/sign-up/email", ada);
  for (let i = 0; i < 8; i++) expect((await post("/auth/request-password-reset", { email: ada.email, redirectTo: "/sign-in" })).status).toBe(200);
  expect(await lettersTo(ada.email)).toHaveLength(5);
  set(AUTH);
});

test.each(["/auth/request-password-reset", "/auth/send-verification-email"])("where no mail is sent %s says so, and signing in goes on without", async (path) => {
  set(AUTH);
  const ada = person();
  const signedUp = await post("/auth/sign-up/email", ada);
  const refused = await post(path, { email: ada.email });
  expect([refused.status, await refused.json()]).toMatchObject([501, { code: "mail_unavailable", retryable: false }]);
  expect(await lettersTo(ada.email)).toEqual([]);
  expect(await me({ cookie: cookiesOf(signedUp) })).toMatchObject({ kind: "user", mail: false });
});
