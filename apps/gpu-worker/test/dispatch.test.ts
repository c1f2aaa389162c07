import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { createHash } from "node:crypto";
import { cancelJob, createEndpoint, listMessages, rotateEndpointSecret, type Id } from "@deadiff/schemas";
import { checkInvariants } from "@deadiff/schemas/invariants";
import { sql } from "drizzle-orm";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDispatcher } from "../src/deliver/dispatch.ts";
import { createMetrics } from "../src/metrics.ts";
import { guardedAgent } from "../src/net/guarded.ts";
import { LOOPBACK, newJob, TLS, useWorld } from "./world.ts";

const world = useWorld();
interface Heard {
  readonly path: string;
  readonly body: string;
  readonly headers: Record<string, string>;
}
/** Instead of a status: no answer at all. */
const SILENCE = 0;
let heard: Heard[] = [];
let answer: (heard: Heard, nth: number) => number = () => 200;
let receiver: Server;
let base: string;

beforeAll(async () => {
  receiver = createServer(TLS, (request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      const one = { path: request.url ?? "", body, headers: request.headers as Record<string, string> };
      heard.push(one);
      const status = answer(one, heard.length);
      if (status !== SILENCE) response.writeHead(status).end("thanks");
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  base = `https://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
});
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  expect(await checkInvariants(world.db)).toEqual([]);
});

const bytes = Buffer.from("not decoded here");
const picture = { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };

/** An endpoint that heard its ping already, and a canceled job. */
const news = async () => {
  const { accountId, job } = await newJob(world, picture);
  const endpoint = await createEndpoint(world.db, accountId, { url: `${base}/${accountId}`, description: "", events: ["job.canceled"] });
  await world.db.execute(sql`delete from webhook_messages where endpoint_id = ${endpoint.id}`);
  await cancelJob(world.db, accountId, job.id);
  heard = [];
  answer = () => 200;
  return { accountId, job, endpoint };
};
const dispatcher = () => {
  const agent = guardedAgent(LOOPBACK, 1000);
  return createDispatcher({ db: world.db, agent, netPolicy: LOOPBACK, sign: world.store.sign, log: world.shop.log, metrics: createMetrics(), at: () => undefined, slots: 16 });
};
const rounds = async (n = 1, made = dispatcher()) => {
  for (let i = 0; i < n; i++) {
    await made.round();
    await made.idle();
  }
};
const due = (accountId: Id<"account">) => world.db.execute(sql`update webhook_messages set next_at = now() where account_id = ${accountId}`);

test("a delivery is what the standardwebhooks package verifies, thin and complete", async () => {
  const { accountId, job, endpoint } = await news();
  await rounds();
  expect(heard).toHaveLength(1);
  const { body, headers } = heard[0]!;
  const payload = new Webhook(endpoint.secret).verify(body, headers) as { type: string; data: { id: string; state: string; version: number; input: unknown } };
  expect(payload).toMatchObject({ type: "job.canceled", data: { id: job.id, state: "canceled", version: 2, input: null } });
  expect(body.length).toBeLessThan(20_000);
  expect((await listMessages(world.db, accountId, { limit: 5 })).data).toMatchObject([{ state: "delivered", attempts: [{ outcome: "ok", status: 200, response: "thanks" }] }]);
});

test("a body, an id, a time or a signature that was touched does not verify", async () => {
  const { endpoint } = await news();
  await rounds();
  const { body, headers } = heard[0]!;
  const hook = new Webhook(endpoint.secret);
  const other = { ...headers, "webhook-timestamp": String(Math.floor(Date.now() / 1000) - 360) };
  for (const [b, h] of [[`${body} `, headers], [body, { ...headers, "webhook-id": "msg_other" }], [body, other], [body, { ...headers, "webhook-signature": headers["webhook-signature"]!.slice(0, -4) }], [body, { ...headers, "webhook-signature": headers["webhook-signature"]!.replace("v1,", "v1a,") }]] as const) {
    expect(() => hook.verify(b, h)).toThrow();
  }
});

test("a receiver that fails k times gets k+1 attempts: same id, same bytes, fresh signatures", async () => {
  const { accountId, endpoint } = await news();
  answer = (_, nth) => (nth <= 3 ? 500 : 200);
  for (let i = 0; i < 5; i++) {
    await rounds();
    await due(accountId);
  }
  expect(heard).toHaveLength(4);
  expect(new Set(heard.map(({ body }) => body)).size).toBe(1);
  expect(new Set(heard.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  for (const { body, headers } of heard) new Webhook(endpoint.secret).verify(body, headers);
});

test("after a rotation both secrets verify", async () => {
  const { accountId, endpoint } = await news();
  const rotated = await rotateEndpointSecret(world.db, accountId, endpoint.id, 3600);
  await rounds();
  for (const { secret } of [endpoint, rotated]) new Webhook(secret).verify(heard[0]!.body, heard[0]!.headers);
});

test("a dispatcher that dies after sending is followed by another attempt, and the gap is on record", async () => {
  const { accountId } = await news();
  const dying = createDispatcher({
    db: world.db,
    agent: guardedAgent(LOOPBACK, 1000),
    netPolicy: LOOPBACK,
    sign: world.store.sign,
    log: () => undefined,
    metrics: createMetrics(),
    slots: 1,
    at: (point) => {
      if (point === "webhook_sent") throw new Error("died");
    },
  });
  await rounds(1, dying);
  await rounds();
  expect(heard).toHaveLength(1);
  await world.db.execute(sql`update webhook_messages set lease_until = now() - interval '1 second' where account_id = ${accountId}`);
  await rounds();
  expect(heard).toHaveLength(2);
  expect((await listMessages(world.db, accountId, { limit: 5 })).data[0]!.attempts.map(({ n, outcome }) => [n, outcome])).toEqual([[1, "unknown"], [2, "ok"]]);
});

test("receivers that hang hold their own slots only", async () => {
  const stuck = await news();
  await world.db.execute(sql`update webhook_endpoints set url = ${base + "/stuck"} where id = ${stuck.endpoint.id}`);
  const quick = await news();
  const silent = receiver.listeners("request")[0] as (...args: unknown[]) => void;
  receiver.removeAllListeners("request");
  receiver.on("request", (request, response) => {
    if (request.url !== "/stuck") silent(request, response);
  });
  const made = dispatcher();
  const started = performance.now();
  await made.round();
  await expect.poll(() => heard.length, { timeout: 2000, interval: 20 }).toBe(1);
  expect(heard[0]!.path).toBe(`/${quick.accountId}`);
  expect(performance.now() - started).toBeLessThan(2000);
  receiver.closeAllConnections();
  await made.idle();
  receiver.removeAllListeners("request");
  receiver.on("request", silent);
});

test("a test job with the prompt test:webhook:dup has its news sent twice with one id and the same bytes, a live one once", async () => {
  for (const [mode, times] of [["test", 2], ["live", 1]] as const) {
    const { accountId, job } = await newJob(world, picture, { prompt: " test:webhook:dup " }, { mode });
    const endpoint = await createEndpoint(world.db, accountId, { url: `${base}/${accountId}`, description: "", events: ["job.canceled"] });
    await world.db.execute(sql`delete from webhook_messages where endpoint_id = ${endpoint.id}`);
    await cancelJob(world.db, accountId, job.id);
    heard = [];
    answer = () => 200;
    const { round, idle } = dispatcher();
    for (let i = 0; i < 4; i++) {
      await round();
      await idle();
    }
    expect(heard).toHaveLength(times);
    expect(new Set(heard.map(({ body, headers }) => `${headers["webhook-id"]} ${body}`)).size).toBe(1);
    const [message] = (await listMessages(world.db, accountId, { limit: 10 })).data;
    expect(message).toMatchObject({ state: "delivered", attempts: Array.from({ length: times }, (_, i) => ({ n: i + 1, outcome: "ok" })) });
  }
});

test("endpoints that never answer hold up no other endpoint of the same host", async () => {
  for (let i = 0; i < 12; i++) await news();
  const { accountId } = await news();
  answer = ({ path }) => (path === `/${accountId}` ? 200 : SILENCE);
  await world.db.execute(sql`update webhook_messages set next_at = now() + interval '1 hour' where account_id = ${accountId}`);
  const made = dispatcher();
  await made.round();
  await expect.poll(() => heard.length).toBeGreaterThanOrEqual(8);
  await due(accountId);
  await made.round();
  await expect.poll(() => heard.map(({ path }) => path), { timeout: 3000 }).toContain(`/${accountId}`);
  receiver.closeAllConnections();
  await made.idle();
});
