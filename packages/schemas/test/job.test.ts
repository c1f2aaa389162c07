import { sql } from "drizzle-orm";
import { afterEach, describe, expect, test } from "vitest";
import { createAccount } from "../src/account/create.ts";
import { getUsage } from "../src/account/usage.ts";
import { rows } from "../src/db.ts";
import { JobError, type ApiError } from "../src/errors.ts";
import { newId, type Id } from "../src/ids.ts";
import { checkInvariants } from "../src/invariants.ts";
import { acknowledgeCancel, cancelJob, cancelJobs } from "../src/job/cancel.ts";
import { claimJob } from "../src/job/claim.ts";
import { expireHeldJob, expireJobs } from "../src/job/expire.ts";
import { failJob, releaseJob } from "../src/job/fail.ts";
import { listJobs } from "../src/job/list.ts";
import { deleteJob } from "../src/job/purge.ts";
import { readQueue } from "../src/job/queue.ts";
import { presentJob } from "../src/job/present.ts";
import { getJob, readJob } from "../src/job/read.ts";
import { renewJob } from "../src/job/renew.ts";
import type { JobResult } from "../src/job/contract.ts";
import { succeedJob } from "../src/job/succeed.ts";
import { ringAgain, ringFromDeadLetter, sweepLapsedLeases } from "../src/job/sweep.ts";
import { jobVersionsAfter } from "../src/job/watch.ts";
import { dropBells, outboxDepth, takeBells } from "../src/outbox/relay.ts";
import { oneJob, queue, REQUEST, useDatabase } from "./world.ts";

const world = useDatabase();

const resultOf = (id: Id<"job">, fence: number): JobResult => ({
  images: [{ key: `out/${id}/${fence}/aa.png`, sha256: "aa", bytes: 3, width: 8, height: 8, content_type: "image/png" }],
  seed: 7,
  parameters: {},
  timings: {},
  model: "test@1",
});

const claimed = async (change = {}) => {
  const { accountId, job } = await oneJob(world.db, change);
  const claim = await claimJob(world.db, job.id, "worker-a");
  if (!claim.won) throw new Error("claim refused");
  return { accountId, hold: { id: job.id, fence: claim.job.fence }, job: claim.job };
};

const lapse = (id: Id<"job">) => world.db.execute(sql`update jobs set lease_until = now() - interval '1 minute' where id = ${id}`);
const balance = async (id: Id<"account">) => (await getUsage(world.db, id)).balance;

afterEach(async () => expect(await checkInvariants(world.db)).toEqual([]));

describe("create", () => {
  test("reserves the price, rings the bell and writes version 1", async () => {
    const { accountId, job } = await oneJob(world.db, {}, 5);
    expect(job).toMatchObject({ state: "queued", version: 1, fence: 0, tries_left: 3 });
    expect(await balance(accountId)).toBe(4);
    const bells = await rows<{ n: number }>(world.db, sql`select count(*)::int as n from outbox where job_id = ${job.id}`);
    expect(bells[0]?.n).toBe(1);
  });

  test("100 parallel creates with one key make one job and one reserve", async () => {
    const accountId = await createAccount(world.db, { name: "e1", credits: 50 });
    const idempotency = { key: "same", requestHash: "h" };
    const all = await Promise.all(Array.from({ length: 100 }, () => queue(world.db, accountId, { idempotency })));
    expect(new Set(all.map((made) => made.jobs[0]!.id)).size).toBe(1);
    expect(all.filter((made) => !made.replayed)).toHaveLength(1);
    expect(new Set(all.map((made) => JSON.stringify(Object.entries(made.jobs[0]!).sort()))).size).toBe(1);
    expect(await balance(accountId)).toBe(49);
  });

  test("a replay shows the job as it was when it was made, whatever happened since", async () => {
    const accountId = await createAccount(world.db, { name: "replay", credits: 1 });
    const idempotency = { key: "k", requestHash: "h" };
    const first = await queue(world.db, accountId, { idempotency });
    await cancelJob(world.db, accountId, first.jobs[0]!.id);
    expect((await queue(world.db, accountId, { idempotency })).jobs).toEqual(first.jobs);
  });

  test("a key used with another request is refused, and another account may use the same key", async () => {
    const [a, b] = [await createAccount(world.db, { name: "a", credits: 5 }), await createAccount(world.db, { name: "b", credits: 5 })];
    await queue(world.db, a, { idempotency: { key: "k", requestHash: "one" } });
    await expect(queue(world.db, a, { idempotency: { key: "k", requestHash: "two" } })).rejects.toMatchObject({ code: "idempotency_mismatch" });
    await expect(queue(world.db, b, { idempotency: { key: "k", requestHash: "two" } })).resolves.toMatchObject({ replayed: false });
  });

  test("an expired key makes a new job", async () => {
    const accountId = await createAccount(world.db, { name: "old", credits: 5 });
    const idempotency = { key: "k", requestHash: "h" };
    const first = await queue(world.db, accountId, { idempotency });
    await world.db.execute(sql`update idempotency set expires_at = now() - interval '1 second' where account_id = ${accountId}`);
    const second = await queue(world.db, accountId, { idempotency });
    expect(second.replayed).toBe(false);
    expect(second.jobs[0]!.id).not.toBe(first.jobs[0]!.id);
  });

  test("of 50 parallel creates with credits for one, one is accepted and the balance never goes below zero", async () => {
    const accountId = await createAccount(world.db, { name: "e5", credits: 1 });
    const all = await Promise.allSettled(Array.from({ length: 50 }, (_, i) => queue(world.db, accountId, { idempotency: { key: `k${i}`, requestHash: "h" } })));
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const made of all) if (made.status === "rejected") expect((made.reason as ApiError).code).toBe("insufficient_credit");
    expect(await balance(accountId)).toBe(0);
    const keys = await rows<{ n: number }>(world.db, sql`select count(*)::int as n from idempotency where account_id = ${accountId}`);
    expect(keys[0]?.n).toBe(1);
  });

  test("an account with its queue full is told so, and its key stays free for the retry", async () => {
    const accountId = await createAccount(world.db, { name: "full", credits: 50, queuedLimit: 2 });
    const first = await queue(world.db, accountId, { idempotency: { key: "a", requestHash: "h" } });
    await queue(world.db, accountId);
    await expect(queue(world.db, accountId, { idempotency: { key: "c", requestHash: "h" } })).rejects.toMatchObject({ code: "queue_full" });
    expect(await queue(world.db, accountId, { idempotency: { key: "a", requestHash: "h" } })).toMatchObject({ replayed: true });
    await cancelJob(world.db, accountId, first.jobs[0]!.id);
    expect(await queue(world.db, accountId, { idempotency: { key: "c", requestHash: "h" } })).toMatchObject({ replayed: false });
  });

  test("an account that may have more waiting than most is held to its own limit", async () => {
    const accountId = await createAccount(world.db, { name: "large", credits: 0, queuedLimit: 1100 });
    const many = (n: number) => Array.from({ length: n }, () => ({ id: newId("job"), request: REQUEST, price: 0 }));
    await queue(world.db, accountId, { jobs: many(1100) });
    await expect(queue(world.db, accountId, { jobs: many(1) })).rejects.toMatchObject({ code: "queue_full", quota: { name: "queued", max: 1100 } });
    await cancelJobs(world.db, accountId, "all");
  });
});

describe("claim and lease", () => {
  test("of 20 workers that claim at once, one wins", async () => {
    const { job } = await oneJob(world.db);
    const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => claimJob(world.db, job.id, `w${i}`)));
    expect(claims.filter(({ won }) => won)).toHaveLength(1);
  });

  test("a lapsed lease can be taken over with a higher fence, and the first worker's writes change nothing", async () => {
    const { hold } = await claimed();
    await lapse(hold.id);
    const second = await claimJob(world.db, hold.id, "worker-b");
    expect(second).toMatchObject({ won: true, job: { fence: 2, tries_left: 1 } });
    expect(await renewJob(world.db, hold, { phase: "generating" })).toBe("lost");
    expect(await succeedJob(world.db, hold, resultOf(hold.id, 1))).toBeUndefined();
    expect(await failJob(world.db, hold, new JobError("gpu_oom"))).toBeUndefined();
    expect(await releaseJob(world.db, hold)).toBeUndefined();
    expect(await readJob(world.db, hold.id)).toMatchObject({ state: "running", lease_owner: "worker-b" });
  });

  test("an account runs no more jobs than it may, others are not held up", async () => {
    const accountId = await createAccount(world.db, { name: "one at a time", credits: 5, runningLimit: 1 });
    const [first, second] = [(await queue(world.db, accountId)).jobs[0]!, (await queue(world.db, accountId)).jobs[0]!];
    expect(await claimJob(world.db, first.id, "w")).toMatchObject({ won: true });
    expect(await claimJob(world.db, second.id, "w")).toMatchObject({ won: false, job: { state: "queued" } });
    expect(await claimJob(world.db, (await oneJob(world.db)).job.id, "w")).toMatchObject({ won: true });
  });

  test("a heartbeat records progress and brings cancel and deadline back", async () => {
    const { accountId, hold } = await claimed();
    expect(await renewJob(world.db, hold, { phase: "generating", step: 3, steps: 20 })).toBe("continue");
    expect(await readJob(world.db, hold.id)).toMatchObject({ phase: "generating", step: 3, steps: 20, version: 2 });
    await cancelJob(world.db, accountId, hold.id);
    expect(await renewJob(world.db, hold, { phase: "generating" })).toBe("cancel");
    await acknowledgeCancel(world.db, hold);
    const late = await claimed();
    await world.db.execute(sql`update jobs set finish_by = now() where id = ${late.hold.id}`);
    expect(await renewJob(world.db, late.hold, { phase: "generating" })).toBe("deadline");
    expect(await expireHeldJob(world.db, late.hold)).toMatchObject({ state: "expired" });
  });
});

describe("endings", () => {
  test("success keeps the price and shows the result once", async () => {
    const { accountId, hold } = await claimed();
    expect(await succeedJob(world.db, hold, resultOf(hold.id, hold.fence))).toMatchObject({ state: "succeeded", version: 3 });
    expect(await succeedJob(world.db, hold, resultOf(hold.id, hold.fence))).toBeUndefined();
    expect(await balance(accountId)).toBe(9);
  });

  test("progress tells how far a job came, and nothing once it succeeded", async () => {
    const shown = async (id: Id<"job">) => (await presentJob((await readJob(world.db, id))!, () => Promise.reject(new Error("nothing is signed")))).progress;
    const [done, failed] = [(await claimed()).hold, (await claimed()).hold];
    for (const hold of [done, failed]) {
      await renewJob(world.db, hold, { phase: "generating", step: 7, steps: 20 });
      expect(await shown(hold.id)).toEqual({ step: 7, total: 20 });
    }
    await succeedJob(world.db, done, { ...resultOf(done.id, done.fence), images: [] });
    await failJob(world.db, failed, new JobError("content_policy"));
    expect([await shown(done.id), await shown(failed.id)]).toEqual([null, { step: 7, total: 20 }]);
  });

  test("a retryable failure waits and is tried three times in all, then the price returns", async () => {
    const { accountId, job } = await oneJob(world.db);
    for (const attempt of [1, 2, 3]) {
      await world.db.execute(sql`update jobs set run_after = now() where id = ${job.id}`);
      const claim = await claimJob(world.db, job.id, "w");
      expect(claim.won).toBe(true);
      const after = await failJob(world.db, { id: job.id, fence: attempt }, new JobError("gpu_oom"));
      expect(after?.state).toBe(attempt < 3 ? "queued" : "failed");
    }
    expect(await getJob(world.db, accountId, job.id)).toMatchObject({ error: { code: "attempts_exhausted" } });
    expect(await balance(accountId)).toBe(10);
  });

  test("a failure that cannot be mended ends the job at once", async () => {
    const { hold } = await claimed();
    expect(await failJob(world.db, hold, new JobError("invalid_image"))).toMatchObject({ state: "failed", error: { code: "invalid_image" } });
  });

  test("a released job keeps its tries but not its fence", async () => {
    const { hold } = await claimed();
    expect(await releaseJob(world.db, hold)).toMatchObject({ state: "queued", tries_left: 3, fence: 1 });
    expect(await claimJob(world.db, hold.id, "w")).toMatchObject({ won: true, job: { fence: 2 } });
  });

  test("releases stop giving tries back in the end, so that events stay bounded", async () => {
    const { job } = await oneJob(world.db);
    for (let i = 0; i < 40; i++) {
      const claim = await claimJob(world.db, job.id, "w");
      if (!claim.won) break;
      await releaseJob(world.db, { id: job.id, fence: claim.job.fence });
    }
    expect((await readJob(world.db, job.id))!.version).toBeLessThanOrEqual(32);
    await world.db.execute(sql`update jobs set finish_by = now() where id = ${job.id}`);
    await expireJobs(world.db);
  });
});

describe("cancel", () => {
  test("a waiting job ends at once, and 50 cancels at once write one event and one release", async () => {
    const { accountId, job } = await oneJob(world.db);
    const replies = await Promise.all(Array.from({ length: 50 }, () => cancelJob(world.db, accountId, job.id)));
    expect(new Set(replies.map(({ state }) => state))).toEqual(new Set(["canceled"]));
    expect(await jobVersionsAfter(world.db, job.id, 0)).toHaveLength(2);
    expect(await balance(accountId)).toBe(10);
  });

  test("a cancel that races completion 200 times: the reply always matches the final state", async () => {
    const outcomes = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const { accountId, hold } = await claimed();
      const [done, reply] = await Promise.all([
        succeedJob(world.db, hold, resultOf(hold.id, hold.fence)),
        cancelJob(world.db, accountId, hold.id),
      ]);
      if (done === undefined) await acknowledgeCancel(world.db, hold);
      const final = await readJob(world.db, hold.id);
      expect(final?.state).toBe(done === undefined ? "canceled" : "succeeded");
      expect(reply.state === "succeeded").toBe(done !== undefined);
      outcomes.add(final!.state);
    }
  });

  test("every ending after a cancel was accepted is a cancel, also when the worker died", async () => {
    const { accountId, hold } = await claimed();
    expect(await cancelJob(world.db, accountId, hold.id)).toMatchObject({ state: "running", version: 3 });
    expect(await succeedJob(world.db, hold, resultOf(hold.id, hold.fence))).toBeUndefined();
    expect(await failJob(world.db, hold, new JobError("internal"))).toBeUndefined();
    await lapse(hold.id);
    await sweepLapsedLeases(world.db);
    expect(await getJob(world.db, accountId, hold.id)).toMatchObject({ state: "canceled" });
    expect(await balance(accountId)).toBe(10);
  });

  test("a cancel of many reaches the account's open jobs and no others", async () => {
    const { accountId } = await oneJob(world.db);
    await queue(world.db, accountId);
    const other = await oneJob(world.db);
    expect(await cancelJobs(world.db, accountId, "all")).toBe(2);
    expect(await cancelJobs(world.db, accountId, [other.job.id])).toBe(0);
    expect(await readJob(world.db, other.job.id)).toMatchObject({ state: "queued" });
  });
});

describe("sweeping", () => {
  test("a job whose worker died waits again, and fails once its tries are used up", async () => {
    const { job } = await oneJob(world.db);
    for (const state of ["queued", "queued", "failed"]) {
      expect(await claimJob(world.db, job.id, "w")).toMatchObject({ won: true });
      await lapse(job.id);
      await Promise.all([sweepLapsedLeases(world.db), sweepLapsedLeases(world.db), sweepLapsedLeases(world.db)]);
      expect(await readJob(world.db, job.id)).toMatchObject({ state });
    }
  });

  test("a job that did not start in time expires without a charge", async () => {
    const { accountId, job } = await oneJob(world.db);
    await world.db.execute(sql`update jobs set start_by = now() where id = ${job.id}`);
    expect(await claimJob(world.db, job.id, "w")).toMatchObject({ won: false });
    expect(await expireJobs(world.db)).toBeGreaterThan(0);
    expect(await readJob(world.db, job.id)).toMatchObject({ state: "expired" });
    expect(await balance(accountId)).toBe(10);
  });

  test("a lost message is rung again after two minutes, and by the dead-letter reader at once", async () => {
    const { job } = await oneJob(world.db);
    const drop = () => world.db.execute(sql`delete from outbox where job_id = ${job.id}`);
    await drop();
    await ringAgain(world.db);
    expect(await ringFromDeadLetter(world.db, job.id)).toBe(true);
    expect(await ringFromDeadLetter(world.db, job.id)).toBe(false);
    await drop();
    await world.db.execute(sql`update jobs set rung_at = now() - interval '3 minutes', created_at = now() - interval '3 minutes' where id = ${job.id}`);
    expect(await ringAgain(world.db)).toBe(1);
    expect(await ringAgain(world.db)).toBe(0);
  });

  test("three relays share the bells and none is rung twice while its lease lasts", async () => {
    const accountId = await createAccount(world.db, { name: "bells", credits: 40 });
    for (let i = 0; i < 30; i++) await queue(world.db, accountId);
    const taken = (await Promise.all([takeBells(world.db, 1000), takeBells(world.db, 1000), takeBells(world.db, 1000)])).flat();
    expect(new Set(taken.map(({ id }) => id)).size).toBe(taken.length);
    await dropBells(world.db, taken.map(({ id }) => id));
    expect(taken.length).toBeGreaterThanOrEqual(30);
    expect((await outboxDepth(world.db)).oldestS).toBe(0);
    await cancelJobs(world.db, accountId, "all");
  });
});

describe("reading", () => {
  test("lists page without repeats or gaps and show one account only", async () => {
    const { accountId } = await oneJob(world.db, {}, 30);
    for (let i = 0; i < 6; i++) await queue(world.db, accountId);
    await oneJob(world.db);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listJobs(world.db, accountId, { limit: 3, cursor });
      seen.push(...page.data.map(({ id }) => id));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
  });

  test("a foreign cursor, another account's job and a deleted job are refused by name", async () => {
    const { accountId, job } = await oneJob(world.db);
    const stranger = await createAccount(world.db, { name: "s", credits: 0 });
    await expect(listJobs(world.db, accountId, { limit: 3, cursor: "bm9wZQ" })).rejects.toMatchObject({ code: "invalid_input" });
    await expect(getJob(world.db, stranger, job.id)).rejects.toMatchObject({ code: "not_found" });
    await expect(deleteJob(world.db, accountId, job.id)).rejects.toMatchObject({ code: "conflict" });
    await cancelJob(world.db, accountId, job.id);
    await deleteJob(world.db, accountId, job.id);
    await expect(getJob(world.db, accountId, job.id)).rejects.toMatchObject({ code: "gone" });
  });
});

describe("the database's own guards", () => {
  test("no statement changes an ended job, skips a version, lowers a fence or rewrites an event", async () => {
    const { accountId, job } = await oneJob(world.db);
    await cancelJob(world.db, accountId, job.id);
    for (const change of ["state = 'queued', version = version + 1", "version = version + 1", "fence = 5", "price = 0"]) {
      await expect(world.db.execute(sql`update jobs set ${sql.raw(change)} where id = ${job.id}`)).rejects.toThrow();
    }
    await expect(world.db.execute(sql`update job_events set type = 'x' where job_id = ${job.id}`)).rejects.toThrow();
  });

  test("ids made by the database have the form of ids", async () => {
    const [made] = await rows<{ id: string }>(world.db, sql`select new_id('msg') as id`);
    expect(made?.id).toMatch(/^msg_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(made!.id.slice(4, 12)).toBe(newId("message").slice(4, 12));
  });
});

test("places in the queue go by age, and beyond a thousand they are not told apart", async () => {
  await world.db.execute(sql`update jobs set created_at = created_at + interval '1 day' where state = 'queued'`);
  const accountId = await createAccount(world.db, { name: "crowd", credits: 0, queuedLimit: 3000 });
  const ids = Array.from({ length: 1002 }, () => newId("job")).sort();
  await queue(world.db, accountId, { jobs: ids.map((id) => ({ id, request: REQUEST, price: 0 })) });
  const place = await readQueue(world.db);
  expect([0, 1, 999, 1000, 1001].map((i) => place(ids[i]!)?.position)).toEqual([1, 2, 1000, 1001, 1001]);
  await cancelJob(world.db, accountId, ids[0]!);
  expect((await readQueue(world.db))(ids[1]!)).toEqual({ position: 1, position_is_estimate: true });
});
