import { sql, type SQL } from "drizzle-orm";
import { expect, test } from "vitest";
import { checkInvariants, INVARIANTS } from "../src/invariants.ts";
import { cancelJob } from "../src/job/cancel.ts";
import { claimJob } from "../src/job/claim.ts";
import { succeedJob } from "../src/job/succeed.ts";
import { createEndpoint } from "../src/webhook/endpoints.ts";
import { takeMessages } from "../src/webhook/deliver.ts";
import { oneJob, useDatabase } from "./world.ts";

const world = useDatabase();

class Undo extends Error {}

/** A job that waits, one that runs, one that succeeded, one that was canceled and whose webhook is on its way. */
const lives = async () => {
  const waiting = await oneJob(world.db);
  const running = await oneJob(world.db);
  await claimJob(world.db, running.job.id, "w");
  const done = await oneJob(world.db);
  await claimJob(world.db, done.job.id, "w");
  await succeedJob(world.db, { id: done.job.id, fence: 1 }, { images: [{ key: `out/${done.job.id}/1/a.png`, sha256: "a", bytes: 1, width: 1, height: 1, content_type: "image/png" }], seed: 1, parameters: {}, timings: {}, model: "m" });
  const canceled = await oneJob(world.db, { webhook: { url: "https://example.com/", events: ["job.canceled"] } });
  const endpoint = await createEndpoint(world.db, canceled.accountId, { url: "https://example.com/", description: "", events: ["job.canceled"] });
  await cancelJob(world.db, canceled.accountId, canceled.job.id);
  await takeMessages(world.db, 10);
  return { waiting, running, done, canceled, endpoint };
};
type Lives = Awaited<ReturnType<typeof lives>>;

// What each rule is there to catch: a write that no verb makes, with the triggers that would refuse it switched off.
const WRONGS: Readonly<Record<string, (l: Lives) => SQL>> = {
  I1: ({ waiting }) => sql`update jobs set finish_by = now() - interval '2 minutes' where id = ${waiting.job.id}`,
  I1b: ({ waiting }) => sql`with gone as (delete from outbox where job_id = ${waiting.job.id})
    update jobs set created_at = now() - interval '1 hour', run_after = now() - interval '1 hour', rung_at = now() - interval '3 hours' where id = ${waiting.job.id}`,
  I2: ({ done }) => sql`update job_events set terminal = false where job_id = ${done.job.id}`,
  I2b: ({ running }) => sql`delete from job_events where job_id = ${running.job.id} and version = 1`,
  I3: ({ done }) => sql`delete from ledger where job_id = ${done.job.id} and kind = 'capture'`,
  I3b: ({ done }) => sql`update accounts set balance = balance + 1 where id = ${done.accountId}`,
  I3c: ({ canceled }) => sql`update ledger set amount = amount + 1 where job_id = ${canceled.job.id} and kind = 'release'`,
  I4: ({ running }) => sql`update jobs set fence = fence + 1 where id = ${running.job.id}`,
  I5: ({ running }) => sql`update jobs set lease_until = null where id = ${running.job.id}`,
  I6: ({ done }) => sql`insert into idempotency (account_id, key, request_hash, resource_id, expires_at) values (${done.accountId}, 'k', 'h', 'job_none', now() + interval '1 hour')`,
  I7: ({ done }) => sql`update jobs set fence = fence + 1 where id = ${done.job.id}`,
  I9: ({ done }) => sql`update jobs set cancel_requested_at = now() where id = ${done.job.id}`,
  I10: ({ canceled }) => sql`delete from webhook_messages where job_id = ${canceled.job.id}`,
  I11: ({ canceled }) => sql`update webhook_messages set attempts = attempts + 1 where job_id = ${canceled.job.id}`,
  I12: ({ canceled }) => sql`
    with news as (
      insert into webhook_messages (id, account_id, url, job_id, version, type, state, attempts)
      select 'msg_newer', account_id, url, job_id, version + 1, type, 'delivered', 1 from webhook_messages where job_id = ${canceled.job.id} and endpoint_id is null returning id
    )
    insert into webhook_attempts (message_id, n, outcome, started_at, ended_at) select id, 1, 'ok', now() - interval '2 minutes', now() - interval '1 minute' from news`,
  I13: ({ canceled, done }) => sql`update webhook_endpoints set account_id = ${done.accountId} where account_id = ${canceled.accountId}`,
  I14: ({ running }) => sql`update jobs set version = 40 where id = ${running.job.id}`,
  I14b: ({ canceled }) => sql`update webhook_attempts set response = repeat('x', 20000) where message_id in (select id from webhook_messages where job_id = ${canceled.job.id})`,
};

test("every invariant has a wrong that it catches", () => {
  expect(Object.keys(WRONGS)).toEqual(INVARIANTS.map(({ id }) => id));
});

test.each(Object.keys(WRONGS))("%s is seen when it is broken, and holds before", async (id) => {
  const made = await lives();
  expect(await checkInvariants(world.db)).toEqual([]);
  const found = await world.db
    .transaction(async (tx) => {
      await tx.execute(sql`set local session_replication_role = replica`);
      await tx.execute(WRONGS[id]!(made));
      const broken = await checkInvariants(tx);
      throw Object.assign(new Undo(), { broken });
    })
    .catch((error: unknown) => {
      if (error instanceof Undo && "broken" in error) return error.broken as Awaited<ReturnType<typeof checkInvariants>>;
      throw error;
    });
  expect(found.map(({ id: seen }) => seen)).toContain(id);
});
