import { sql } from "drizzle-orm";
import { afterEach, expect, test } from "vitest";
import { createAccount } from "../src/account/create.ts";
import { rows } from "../src/db.ts";
import type { Id } from "../src/ids.ts";
import { checkInvariants } from "../src/invariants.ts";
import { cancelJob } from "../src/job/cancel.ts";
import { claimJob } from "../src/job/claim.ts";
import { sweepLapsedLeases } from "../src/job/sweep.ts";
import { fixBody, reportAttempt, takeMessages, type AttemptReport, type Delivery } from "../src/webhook/deliver.ts";
import { createEndpoint, deleteEndpoint, getEndpoint, rotateEndpointSecret, updateEndpoint } from "../src/webhook/endpoints.ts";
import { getMessage, listMessages, redeliver, replayEndpoint } from "../src/webhook/messages.ts";
import { queue, useDatabase } from "./world.ts";

const world = useDatabase();
const URL_A = "https://a.example/hook";

const endpoint = async (events: ("job.started" | "job.canceled" | "endpoint.disabled" | "endpoint.failing")[] = ["job.canceled"]) => {
  const accountId = await createAccount(world.db, { name: "w", credits: 100, runningLimit: 100 });
  const made = await createEndpoint(world.db, accountId, { url: URL_A, description: "", events });
  await world.db.execute(sql`delete from webhook_messages where endpoint_id = ${made.id}`);
  return { accountId, made };
};
const canceledJob = async (accountId: Id<"account">) => cancelJob(world.db, accountId, (await queue(world.db, accountId)).jobs[0]!.id);
const mine = async (id: string): Promise<Delivery[]> => (await takeMessages(world.db, 100)).filter((message) => message.endpointId === id);
const report = (message: Delivery, change: Partial<AttemptReport> = {}) =>
  reportAttempt(world.db, { id: message.id, n: message.n, outcome: "ok", status: 200, response: "", error: null, retryInS: null, gone: false, ...change });
const FAILED = { outcome: "failed", status: 500, retryInS: 0 } as const;

afterEach(async () => expect(await checkInvariants(world.db)).toEqual([]));

test("every address subscribed when a job ends gets one message, with the job as it ended", async () => {
  const { accountId, made } = await endpoint();
  const job = await canceledJob(accountId);
  const [message, ...rest] = await mine(made.id);
  expect(rest).toEqual([]);
  expect(message).toMatchObject({ n: 1, attempt: 1, url: URL_A, type: "job.canceled", secrets: [made.secret], content: { kind: "job", job: { id: job.id, state: "canceled", version: 2 } } });
  await report(message!);
  expect(await getMessage(world.db, accountId, message!.id)).toMatchObject({ state: "delivered", attempts: [{ n: 1, outcome: "ok", status: 200 }] });
  expect(await mine(made.id)).toEqual([]);
});

test("a dispatcher that dies leaves an attempt marked unknown, and the next one follows with the same bytes", async () => {
  const { accountId, made } = await endpoint();
  await canceledJob(accountId);
  const [first] = await mine(made.id);
  expect(await fixBody(world.db, first!.id, "bytes")).toBe("bytes");
  await world.db.execute(sql`update webhook_messages set lease_until = now() - interval '1 second' where id = ${first!.id}`);
  const [second] = await mine(made.id);
  expect(second).toMatchObject({ id: first!.id, n: 2, body: "bytes" });
  expect(await fixBody(world.db, first!.id, "others")).toBe("bytes");
  await report(first!, FAILED);
  await report(second!);
  expect((await getMessage(world.db, accountId, first!.id)).attempts.map(({ outcome }) => outcome)).toEqual(["unknown", "ok"]);
});

test("three dispatchers at once never take the same message", async () => {
  const { accountId, made } = await endpoint();
  for (let i = 0; i < 4; i++) await canceledJob(accountId);
  const taken = (await Promise.all([mine(made.id), mine(made.id), mine(made.id)])).flat();
  expect(taken).toHaveLength(4);
  expect(new Set(taken.map(({ id }) => id)).size).toBe(4);
  for (const message of taken) await report(message);
});

test("one endpoint has four messages on their way at most, so others get their turn", async () => {
  const [busy, quiet] = [await endpoint(), await endpoint()];
  for (let i = 0; i < 9; i++) await canceledJob(busy.accountId);
  await canceledJob(quiet.accountId);
  const taken = await takeMessages(world.db, 100);
  expect(taken.filter(({ endpointId }) => endpointId === busy.made.id)).toHaveLength(4);
  expect(taken.filter(({ endpointId }) => endpointId === quiet.made.id)).toHaveLength(1);
});

test("older news that becomes due at the very moment of a look is not taken once newer news was delivered", async () => {
  const { accountId, made } = await endpoint(["job.started", "job.canceled"]);
  const job = (await queue(world.db, accountId)).jobs[0]!;
  await claimJob(world.db, job.id, "w");
  const [started] = await mine(made.id);
  await report(started!, { ...FAILED, retryInS: 3600 });
  await cancelJob(world.db, accountId, job.id);
  await world.db.execute(sql`update jobs set lease_until = now() - interval '1 minute' where id = ${job.id}`);
  await sweepLapsedLeases(world.db);
  const [ended] = await mine(made.id);
  await report(ended!);
  for (let dueInUs = 0; dueInUs < 5000; dueInUs += 50) {
    await world.db.execute(sql`update webhook_messages set state = 'pending', next_at = clock_timestamp() + ${dueInUs} * interval '1 microsecond' where id = ${started!.id}`);
    expect(await mine(made.id)).toEqual([]);
  }
});

test("an endpoint that failed last has one message on its way at most, until it takes one", async () => {
  const { accountId, made } = await endpoint();
  for (let i = 0; i < 6; i++) await canceledJob(accountId);
  const [first, ...others] = await mine(made.id);
  await report(first!, FAILED);
  for (const message of others) await report(message, FAILED);
  const [probe, ...more] = await mine(made.id);
  expect(more).toEqual([]);
  expect(await mine(made.id)).toEqual([]);
  await report(probe!);
  expect(await mine(made.id)).toHaveLength(4);
});

test("an ending supersedes older news of the job that was not delivered yet", async () => {
  const { accountId, made } = await endpoint(["job.started", "job.canceled"]);
  const job = (await queue(world.db, accountId)).jobs[0]!;
  await claimJob(world.db, job.id, "w");
  await cancelJob(world.db, accountId, job.id);
  await world.db.execute(sql`update jobs set lease_until = now() - interval '1 minute' where id = ${job.id}`);
  await sweepLapsedLeases(world.db);
  const taken = await mine(made.id);
  expect(taken.map(({ type }) => type)).toEqual(["job.canceled"]);
  expect((await listMessages(world.db, accountId, { limit: 10 })).data.map(({ state }) => state).sort()).toEqual(["pending", "superseded"]);
});

test("a rotated secret signs beside the old one until the overlap ends", async () => {
  const { accountId, made } = await endpoint();
  const rotated = await rotateEndpointSecret(world.db, accountId, made.id, 3600);
  await canceledJob(accountId);
  expect((await mine(made.id))[0]?.secrets).toEqual([rotated.secret, made.secret]);
});

test("a message is exhausted after its schedule, and can be sent again with the same id", async () => {
  const { accountId, made } = await endpoint();
  await canceledJob(accountId);
  let message: Delivery | undefined;
  for (let n = 1; n <= 10; n++) {
    [message] = await mine(made.id);
    expect(message).toMatchObject({ n, attempt: n });
    await report(message!, { ...FAILED, retryInS: n < 10 ? 0 : null });
  }
  expect(await getMessage(world.db, accountId, message!.id)).toMatchObject({ state: "exhausted" });
  await redeliver(world.db, accountId, message!.id);
  await expect(redeliver(world.db, accountId, message!.id)).rejects.toMatchObject({ code: "conflict" });
  const [again] = await mine(made.id);
  expect(again).toMatchObject({ id: message!.id, n: 11, attempt: 1 });
  await report(again!);
});

test("410 disables at once and what is missed meanwhile can be replayed", async () => {
  const { accountId, made } = await endpoint();
  await canceledJob(accountId);
  await report((await mine(made.id))[0]!, { outcome: "failed", status: 410, gone: true });
  expect(await getEndpoint(world.db, accountId, made.id)).toMatchObject({ state: "disabled", disabled_reason: "gone" });
  await canceledJob(accountId);
  expect(await mine(made.id)).toEqual([]);
  await updateEndpoint(world.db, accountId, { id: made.id, state: "enabled" });
  expect(await replayEndpoint(world.db, accountId, made.id, "2020-01-01T00:00:00Z")).toBe(2);
  const taken = await mine(made.id);
  expect(taken).toHaveLength(2);
  for (const message of taken) await report(message);
});

test("five days of nothing but failures: a warning at half, then disabled, each told to the other endpoint once", async () => {
  const { accountId, made } = await endpoint();
  const other = await createEndpoint(world.db, accountId, { url: "https://b.example", description: "", events: ["endpoint.failing", "endpoint.disabled"] });
  await canceledJob(accountId);
  for (const [days, state] of [[1, "enabled"], [3, "enabled"], [4, "enabled"], [6, "disabled"]] as const) {
    await world.db.execute(sql`update webhook_endpoints set failing_since = now() - ${days} * interval '1 day' where id = ${made.id}`);
    await report((await mine(made.id))[0]!, FAILED);
    expect((await getEndpoint(world.db, accountId, made.id)).state).toBe(state);
  }
  const told = await rows<{ type: string }>(world.db, sql`select type from webhook_messages where endpoint_id = ${other.id} and type <> 'endpoint.ping' order by created_at`);
  expect(told.map(({ type }) => type)).toEqual(["endpoint.failing", "endpoint.disabled"]);
});

test("the message whose failure disabled its endpoint waits for a replay like the others", async () => {
  const { accountId, made } = await endpoint();
  for (let i = 0; i < 2; i++) await canceledJob(accountId);
  const [last] = await mine(made.id);
  await world.db.execute(sql`update webhook_endpoints set failing_since = now() - interval '6 days' where id = ${made.id}`);
  await report(last!, FAILED);
  expect(await getMessage(world.db, accountId, last!.id)).toMatchObject({ state: "dropped", attempts: [{ n: 1, outcome: "failed" }] });
  await updateEndpoint(world.db, accountId, { id: made.id, state: "enabled" });
  expect(await replayEndpoint(world.db, accountId, made.id, "2020-01-01T00:00:00Z")).toBe(2);
});

test("failures that come in together disable an endpoint once, and none of their reports is lost", async () => {
  for (let round = 0; round < 10; round++) {
    const { accountId, made } = await endpoint();
    const other = await createEndpoint(world.db, accountId, { url: "https://b.example", description: "", events: ["endpoint.disabled"] });
    for (let i = 0; i < 4; i++) await canceledJob(accountId);
    const taken = await mine(made.id);
    await world.db.execute(sql`update webhook_endpoints set failing_since = now() - interval '6 days' where id = ${made.id}`);
    await Promise.all(taken.map((message) => report(message, FAILED)));
    const told = await rows(world.db, sql`select 1 from webhook_messages where endpoint_id = ${other.id} and type = 'endpoint.disabled'`);
    expect(told).toHaveLength(1);
    for (const { id } of taken) expect(await getMessage(world.db, accountId, id)).toMatchObject({ state: "dropped", attempts: [{ outcome: "failed" }] });
  }
});

test("a delivery that succeeds after its endpoint was disabled by another is delivered, not missed", async () => {
  const { accountId, made } = await endpoint();
  for (let i = 0; i < 2; i++) await canceledJob(accountId);
  const [bad, good] = await mine(made.id);
  await report(bad!, { outcome: "failed", status: 410, gone: true });
  await report(good!);
  expect(await getMessage(world.db, accountId, good!.id)).toMatchObject({ state: "delivered" });
});

test("a single success forgets the failures before it", async () => {
  const { accountId, made } = await endpoint();
  await world.db.execute(sql`update webhook_endpoints set failing_since = now() - interval '4 days', warned_at = now() where id = ${made.id}`);
  await canceledJob(accountId);
  await report((await mine(made.id))[0]!);
  expect(await getEndpoint(world.db, accountId, made.id)).toMatchObject({ state: "enabled", failing_since: null });
});

test("nothing is sent to a deleted endpoint", async () => {
  const { accountId, made } = await endpoint();
  await canceledJob(accountId);
  await deleteEndpoint(world.db, accountId, made.id);
  await canceledJob(accountId);
  expect(await mine(made.id)).toEqual([]);
});
