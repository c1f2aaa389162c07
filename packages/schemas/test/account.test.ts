import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { createAccount } from "../src/account/create.ts";
import { rows } from "../src/db.ts";
import { listEvents } from "../src/event/list.ts";
import { newId } from "../src/ids.ts";
import { RATE_POLICIES } from "../src/rate-limit/policies.ts";
import { authenticate } from "../src/key/authenticate.ts";
import { createKey, listKeys, revokeKey, rollKey } from "../src/key/manage.ts";
import { createStyle, deleteStyle, getStyle, listStyles, updateStyle } from "../src/style/manage.ts";
import { completeUpload, createUpload, deleteUpload, requireUploads } from "../src/upload/manage.ts";
import { newApiKey } from "../src/api-key.ts";
import { queue, REQUEST, useDatabase } from "./world.ts";

const world = useDatabase();
const KEY = { name: "k", mode: "live", scopes: ["jobs:read"], ip_allow: [] } as const;

const withKey = async () => {
  const accountId = await createAccount(world.db, { name: "a", credits: 10 });
  return { accountId, key: await createKey(world.db, accountId, { ...KEY, scopes: [...KEY.scopes], ip_allow: [] }) };
};

test("a key authenticates its account until the moment it is revoked, and the secret is stored nowhere", async () => {
  const { accountId, key } = await withKey();
  expect(await authenticate(world.db, key.secret, "read")).toMatchObject({ accountId, keyId: key.id, mode: "live", scopes: ["jobs:read"] });
  expect(JSON.stringify(await listKeys(world.db, accountId))).not.toContain(key.secret.slice(8, 40));
  await revokeKey(world.db, accountId, key.id);
  await expect(authenticate(world.db, key.secret, "read")).rejects.toMatchObject({ code: "unauthenticated" });
});

test("unknown, mistyped and expired keys get the same answer", async () => {
  const { key } = await withKey();
  await world.db.execute(sql`update api_keys set expires_at = now() where id = ${key.id}`);
  const messages = await Promise.all(
    [key.secret, newApiKey("live"), "dd_live_nonsense", "", "x".repeat(5000)].map((secret) => authenticate(world.db, secret, "read").catch((error: unknown) => (error as Error).message)),
  );
  expect(new Set(messages).size).toBe(1);
});

test("a rolled key works beside its successor for the overlap and not a moment longer", async () => {
  const { accountId, key } = await withKey();
  const next = await rollKey(world.db, accountId, key.id, 3600);
  expect(next.scopes).toEqual(key.scopes);
  for (const secret of [key.secret, next.secret]) await authenticate(world.db, secret, "read");
  const last = await rollKey(world.db, accountId, next.id, 0);
  await expect(authenticate(world.db, next.secret, "read")).rejects.toMatchObject({ code: "unauthenticated" });
  await authenticate(world.db, last.secret, "read");
});

test("parallel calls are counted exactly: the quota passes, the rest is told when to return", async () => {
  const { key } = await withKey();
  const { quota, windowS } = RATE_POLICIES.write;
  const started = Date.now();
  const calls = await Promise.all(Array.from({ length: quota + 100 }, () => authenticate(world.db, key.secret, "write")));
  const allowed = calls.filter(({ rate }) => rate.allowed).length;
  const refilled = ((Date.now() - started) / 1000) * (quota / windowS);
  expect(allowed).toBeGreaterThanOrEqual(quota);
  expect(allowed).toBeLessThanOrEqual(Math.ceil(quota + refilled + 1));
  const refused = calls.filter(({ rate }) => !rate.allowed);
  for (const { rate } of refused) expect(rate).toMatchObject({ remaining: 0, retryAfterS: 1 });
  expect((await authenticate(world.db, key.secret, "read")).rate).toMatchObject({ allowed: true, remaining: RATE_POLICIES.read.quota - 1 });
});

/** Signs by naming the key: what an address looks like is the object store's business. */
const sign = (key: string) => Promise.resolve({ url: `https://store.example/${key}`, expiresAt: "2026-01-01T00:00:00Z" });

test("a style of another account, and pictures that were never completed, cannot be used", async () => {
  const [a, b] = [await createAccount(world.db, { name: "a", credits: 0 }), await createAccount(world.db, { name: "b", credits: 0 })];
  const upload = await createUpload(world.db, a, { content_type: "image/png", bytes: 10, sha256: "0".repeat(64) });
  const style = { name: "ink", description: "", tags: [], references: [{ image: upload.id, weight: 1, mode: "style" as const, fit: "crop" as const }] };
  await expect(createStyle(world.db, a, style, sign)).rejects.toMatchObject({ code: "invalid_input" });
  await completeUpload(world.db, a, upload.id, { state: "ready", width: 8, height: 8 });
  await completeUpload(world.db, a, upload.id, { state: "rejected", reason: "late" });
  const made = await createStyle(world.db, a, style, sign);
  expect((await requireUploads(world.db, a, [upload.id])).size).toBe(1);
  await expect(requireUploads(world.db, b, [upload.id])).rejects.toMatchObject({ code: "invalid_input" });
  await expect(getStyle(world.db, b, made.id, sign)).rejects.toMatchObject({ code: "not_found" });
  await expect(createStyle(world.db, a, style, sign)).rejects.toMatchObject({ code: "conflict" });
  expect(await updateStyle(world.db, a, { id: made.id, name: "brush" }, sign)).toMatchObject({ version: 1, name: "brush", references: style.references });
  expect((await listStyles(world.db, a, { limit: 10 }, sign)).data).toHaveLength(1);
  await deleteStyle(world.db, a, made.id);
  expect((await listStyles(world.db, a, { limit: 10 }, sign)).data).toEqual([]);
});

test("a style offered to everyone lends its pictures to every account", async () => {
  const [a, b] = [await createAccount(world.db, { name: "a", credits: 0 }), await createAccount(world.db, { name: "b", credits: 0 })];
  const upload = await createUpload(world.db, a, { content_type: "image/png", bytes: 10, sha256: "0".repeat(64) });
  await completeUpload(world.db, a, upload.id, { state: "ready", width: 8, height: 8 });
  const made = await createStyle(world.db, a, { name: "shared", description: "", tags: [], references: [{ image: upload.id, weight: 1, mode: "style", fit: "crop" }] }, sign);
  await world.db.execute(sql`update styles set account_id = null where id = ${made.id}`);
  expect(await getStyle(world.db, b, made.id, sign)).toMatchObject({ owned: false });
  expect((await requireUploads(world.db, b, [upload.id])).size).toBe(1);
});

test("the event feed misses nothing while creates commit out of order", async () => {
  const accountId = await createAccount(world.db, { name: "feed", credits: 100 });
  const { promise: held, resolve: release } = Promise.withResolvers<undefined>();
  const slow = world.db.transaction(async (tx) => {
    await queue(tx, accountId);
    await held;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const other = await createAccount(world.db, { name: "other", credits: 5 });
  await queue(world.db, other);
  expect(await listEvents(world.db, other, { limit: 10 })).toEqual([]);
  release(undefined);
  await slow;
  expect(await listEvents(world.db, other, { limit: 10 })).toHaveLength(1);
  const [first] = await listEvents(world.db, accountId, { limit: 10 });
  expect(first).toMatchObject({ type: "job.queued" });
  expect(await listEvents(world.db, accountId, { limit: 10, after: first!.cursor })).toEqual([]);
  await expect(listEvents(world.db, accountId, { limit: 1, after: "x" })).rejects.toMatchObject({ code: "invalid_input" });
});

test("a create with a picture that the account may not read makes and costs nothing; one that was answered is found again when its picture is gone", async () => {
  const [a, b] = [await createAccount(world.db, { name: "a", credits: 10 }), await createAccount(world.db, { name: "b", credits: 10 })];
  const upload = await createUpload(world.db, a, { content_type: "image/png", bytes: 10, sha256: "0".repeat(64) });
  const order = () => ({
    idempotency: { key: "k", requestHash: "h" },
    jobs: [{ id: newId("job"), request: { ...REQUEST, references: [{ image: upload.id, weight: 1, mode: "style" as const, fit: "crop" as const }] }, price: 1 }],
  });
  const made = async () => (await rows<{ n: number }>(world.db, sql`select count(*)::int as n from idempotency where account_id in (${a}, ${b})`))[0]?.n;
  await expect(queue(world.db, a, order())).rejects.toMatchObject({ code: "invalid_input" });
  await completeUpload(world.db, a, upload.id, { state: "ready", width: 8, height: 8 });
  await expect(queue(world.db, b, order())).rejects.toMatchObject({ code: "invalid_input" });
  expect(await made()).toBe(0);
  const { jobs } = await queue(world.db, a, order());
  await deleteUpload(world.db, a, upload.id);
  expect(await queue(world.db, a, order())).toMatchObject({ replayed: true, jobs: [{ id: jobs[0]?.id }] });
  await expect(queue(world.db, a, { ...order(), idempotency: null })).rejects.toMatchObject({ code: "invalid_input" });
});
