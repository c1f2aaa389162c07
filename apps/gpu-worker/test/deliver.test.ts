import { createHash } from "node:crypto";
import { CreateQueueCommand, PurgeQueueCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import { cancelJob, claimJob, deleteJob, newId, readJob, ringAgain, succeedJob } from "@deadiff/schemas";
import { sql } from "drizzle-orm";
import { beforeAll, expect, inject, test } from "vitest";
import { readDeadLetters } from "../src/deliver/dead-letters.ts";
import { relayBells } from "../src/deliver/relay.ts";
import { purge, removeOrphans } from "../src/deliver/retention.ts";
import { newJob, useWorld } from "./world.ts";

const world = useWorld();
const bytes = Buffer.from("x");
const picture = { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
let deadUrl: string;
beforeAll(async () => {
  const { QueueUrl } = await world.sqs.send(new CreateQueueCommand({ QueueName: newId("request") }));
  deadUrl = `${inject("cloud").endpoint}${new URL(QueueUrl!).pathname}`;
});
const ring = () => world.db.execute(sql`update outbox set not_before = now()`);
const receive = async () =>
  ((await world.sqs.send(new ReceiveMessageCommand({ QueueUrl: world.queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }))).Messages ?? []).map(({ Body }) => (JSON.parse(Body!) as { job_id: string }).job_id);

test("the relay rings what waits, once, and a relay that dies in between rings twice", async () => {
  const { job } = await newJob(world, picture);
  await ring();
  await expect(relayBells(world.db, world.sqs, world.queueUrl, () => { throw new Error("died"); })).rejects.toThrow();
  expect(await receive()).toEqual([job.id]);
  await ring();
  expect(await relayBells(world.db, world.sqs, world.queueUrl, () => undefined)).toBe(1);
  expect(await receive()).toEqual([job.id, job.id]);
  expect(await relayBells(world.db, world.sqs, world.queueUrl, () => undefined)).toBe(0);
  await world.sqs.send(new PurgeQueueCommand({ QueueUrl: world.queueUrl }));
});

test("a purged queue is rung again for every job that waits", async () => {
  const { job } = await newJob(world, picture);
  await ring();
  await relayBells(world.db, world.sqs, world.queueUrl, () => undefined);
  await world.sqs.send(new PurgeQueueCommand({ QueueUrl: world.queueUrl }));
  await world.db.execute(sql`update jobs set rung_at = now() - interval '3 minutes', created_at = now() - interval '3 minutes' where id = ${job.id}`);
  expect(await ringAgain(world.db)).toBe(1);
  await relayBells(world.db, world.sqs, world.queueUrl, () => undefined);
  expect(await receive()).toContain(job.id);
});

test("dead letters ring for jobs that wait, and are deleted whatever they hold", async () => {
  const { job } = await newJob(world, picture);
  await world.db.execute(sql`delete from outbox`);
  for (const body of [JSON.stringify({ v: 1, job_id: job.id }), "{", JSON.stringify({ v: 1, job_id: newId("job") })]) {
    await world.sqs.send(new SendMessageCommand({ QueueUrl: deadUrl, MessageBody: body }));
  }
  expect(await readDeadLetters(world.db, world.sqs, deadUrl, world.shop.log, AbortSignal.timeout(5000))).toBe(3);
  const [row] = await world.db.execute(sql`select count(*)::int as n from outbox where job_id = ${job.id}`);
  expect(row?.["n"]).toBe(1);
});

test("deleted jobs lose their pictures, attempts that came to nothing theirs, and results in use stay", async () => {
  const write = (key: string) => world.store.write(key, Buffer.from(key), "image/png", AbortSignal.timeout(5000));
  const exists = async (key: string) => world.store.read(key, 1e6, AbortSignal.timeout(5000)).then(() => true, () => false);
  const succeeded = async () => {
    const { accountId, job } = await newJob(world, picture);
    const key = `out/${job.id}/1/aa.png`;
    await write(key);
    const image = { key, sha256: "aa", bytes: 1, width: 1, height: 1, content_type: "image/png" };
    await claimJob(world.db, job.id, "w");
    await succeedJob(world.db, { id: job.id, fence: 1 }, { images: [image], seed: 1, parameters: {}, timings: {}, model: "m" });
    return { accountId, job, key };
  };
  const [kept, deleted] = [await succeeded(), await succeeded()];
  const orphan = `out/${kept.job.id}/7/bb.png`;
  await write(orphan);
  await deleteJob(world.db, deleted.accountId, deleted.job.id);
  await purge(world.db, world.store);
  expect(await removeOrphans(world.db, world.store, Date.now() + 60_000, 0)).toBe(1);
  expect(await Promise.all([kept.key, deleted.key, orphan].map(exists))).toEqual([true, false, false]);
  expect((await readJob(world.db, deleted.job.id))?.purged_at).not.toBeNull();
  const open = await newJob(world, picture);
  await write(`out/${open.job.id}/1/cc.png`);
  expect(await removeOrphans(world.db, world.store, Date.now() + 60_000, 0)).toBe(0);
  await cancelJob(world.db, open.accountId, open.job.id);
  expect(await removeOrphans(world.db, world.store, Date.now() + 60_000, 0)).toBe(1);
});
