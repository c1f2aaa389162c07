import { createServer } from "node:https";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { DISABLE_AFTER_DAYS, RETRY_SCHEDULE_S, rotateEndpointSecret, type Job } from "@deadiff/schemas";
import { sql } from "drizzle-orm";
import { Webhook } from "standardwebhooks";
import { accept, answer, RECEIVER_CA, type Behaviour } from "../world/receiver.ts";
import { watchMemory } from "../world/system.ts";
import { allDelivered, allEnded, crash, ended, until, up, type Account, type Trial } from "../trial.ts";
import type { Case } from "./case.ts";

interface Pending {
  readonly id: string;
  readonly attempts: number;
  readonly state: string;
  readonly waitS: number;
}

/** The messages of a job as they stand. */
const messagesOf = async (trial: Trial, job: string): Promise<Pending[]> =>
  (
    await trial.world.connection.db.execute(sql`
      select m.id, m.attempts, m.state, extract(epoch from m.next_at - a.ended_at)::float8 as wait_s
      from webhook_messages m left join webhook_attempts a on a.message_id = m.id and a.n = m.attempts where m.job_id = ${job}`)
  ).map((row) => ({ id: String(row["id"]), attempts: Number(row["attempts"]), state: String(row["state"]), waitS: Number(row["wait_s"]) }));

const onlyMessage = async (trial: Trial, job: string): Promise<Pending> => {
  const [message] = await messagesOf(trial, job);
  if (message === undefined) throw new Error(`job ${job} has no webhook message`);
  return message;
};

const canceled = async (account: Account): Promise<Job> => {
  const job = await account.create({ mode: "test", prompt: "test:slow:60" });
  await account.cancel(job.id);
  // A worker may have had it already.
  return ended(account, job.id, 30_000);
};

/** Waits until attempt `n` of a job's message is written down, and lets the next one come at once instead of in hours. */
const attemptDone = async (trial: Trial, job: string, n: number): Promise<Pending> => {
  await until(`attempt ${n} is over`, async () => {
    const [message] = await messagesOf(trial, job);
    return message !== undefined && message.attempts >= n && (message.state !== "pending" || message.waitS > 0);
  }, 60_000, 50);
  return onlyMessage(trial, job);
};
const hurry = (trial: Trial, message: string) => trial.world.connection.db.execute(sql`update webhook_messages set next_at = now() where id = ${message} and state = 'pending'`);

const d1: Case = {
  id: "D1",
  title: "an endpoint fails k times (k = 1 to 9), then answers 200; hours of waiting are checked, then skipped",
  pass: "k + 1 attempts, each wait within 20 % of the schedule, same id and bytes, fresh valid signature",
  count: 9,
  short: 2,
  run: async (trial) => {
    const failures: string[] = [];
    let attempts = 0;
    await Promise.all(
      Array.from({ length: trial.count }, async (_, at) => {
        const k = at + 1;
        const account = await trial.account({ endpoints: [{ behave: (arrival, response) => (arrival.body.includes("endpoint.ping") ? accept(arrival, response) : answer(heard(arrival.name) > k ? 200 : 500)(arrival, response)) }] });
        const counts = new Map<string, number>();
        function heard(name: string): number {
          const n = (counts.get(name) ?? 0) + 1;
          counts.set(name, n);
          return n;
        }
        const job = await canceled(account);
        for (let n = 1; n <= k; n++) {
          const message = await attemptDone(trial, job.id, n);
          const base = RETRY_SCHEDULE_S[n - 1] ?? Number.NaN;
          if (message.waitS < base * 0.8 - 1 || message.waitS > base * 1.2 + 1) failures.push(`k=${k}: after attempt ${n} the wait is ${message.waitS} s, the schedule says ${base}`);
          await hurry(trial, message.id);
        }
        await until("delivered", async () => (await onlyMessage(trial, job.id)).state === "delivered");
        const final = await onlyMessage(trial, job.id);
        if (final.attempts !== k + 1) failures.push(`k=${k}: ${final.attempts} attempts`);
        attempts += final.attempts;
      }),
    );
    return { counts: { endpoints: trial.count, attempts }, failures };
  },
};

const drip = (everyMs: number, text: string): Behaviour => (_, response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write(text), everyMs);
  response.on("close", () => clearInterval(timer));
  return 0;
};

const late = (ms: number): Behaviour => (_, response) => {
  setTimeout(() => response.writeHead(200).end("late"), ms);
  return ms < 15_000 ? 200 : 0;
};

const PART = Buffer.alloc(64 * 1024, "x");

const flood: Behaviour = (_, response) => {
  response.writeHead(200);
  let left = 1600;
  const more = (): void => {
    while (left-- > 0) if (!response.write(PART)) return void response.once("drain", more);
    response.end();
  };
  response.on("error", () => undefined);
  more();
  return 200;
};

const gzip = (packed: Buffer): Behaviour => (_, response) => {
  response.writeHead(200, { "content-encoding": "gzip" }).end(packed);
  return 200;
};

const d2: Case = {
  id: "D2",
  title: "endpoints that answer after 13 s, after 17 s, never, a byte every 2 s, 100 MB, a gzip bomb",
  pass: "ok, timeout, timeout, timeout, ok, ok; the dispatcher grows by at most 20 MB; at most 16 KiB of an answer is kept",
  count: 1,
  run: async (trial) => {
    const { world } = trial;
    // Packed before anything is timed: the timers that hold back the late answers are this process's too.
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024));
    const plan: { name: string; behave: Behaviour; outcome: string }[] = [
      { name: "after 13 s", behave: late(13_000), outcome: "ok" },
      { name: "after 17 s", behave: late(17_000), outcome: "timeout" },
      { name: "never", behave: () => 0, outcome: "timeout" },
      { name: "a byte every 2 s", behave: drip(2000, "x"), outcome: "timeout" },
      { name: "100 MB", behave: flood, outcome: "ok" },
      { name: "gzip bomb", behave: gzip(bomb), outcome: "ok" },
    ];
    const failures: string[] = [];
    const accounts = await Promise.all(plan.map(() => trial.account({ endpoints: [{}] })));
    await allDelivered(trial);
    const watching = await watchMemory([world.deliver.process.pid()]);
    await Promise.all(
      plan.map(async ({ name, behave, outcome }, i) => {
        const account = accounts[i];
        if (account === undefined) return;
        world.receiver.behave(account.endpoints[0]?.name ?? "", behave);
        const job = await canceled(account);
        const message = await attemptDone(trial, job.id, 1);
        const [row] = await world.connection.db.execute(sql`select outcome, length(response) as kept from webhook_attempts where message_id = ${message.id} and n = 1`);
        if (row?.["outcome"] !== outcome) failures.push(`${name}: ${String(row?.["outcome"])} instead of ${outcome}`);
        if (Number(row?.["kept"] ?? 0) > 16 * 1024) failures.push(`${name}: ${String(row?.["kept"])} characters kept`);
        world.receiver.behave(account.endpoints[0]?.name ?? "", accept);
        await hurry(trial, message.id);
      }),
    );
    const { beforeMb, peakMb } = watching.stop();
    // Half of what comes in at once may be waiting for the collector.
    if (peakMb - beforeMb > 20) failures.push(`the dispatcher grew by ${Math.round(peakMb - beforeMb)} MB`);
    await allDelivered(trial);
    return { counts: { endpoints: plan.length }, figures: { "dispatcher RSS": `${Math.round(beforeMb)} to ${Math.round(peakMb)} MB` }, failures };
  },
};

const d3: Case = {
  id: "D3",
  title: "the connection is reset after a complete head with 200, and in the middle of the head",
  pass: "success when the head was complete; otherwise tried again",
  count: 5,
  short: 1,
  run: async (trial) => {
    const failures: string[] = [];
    for (let i = 0; i < trial.count; i++) {
      const headed = await trial.account({ endpoints: [{ behave: (_, response) => (response.writeHead(200, { "content-length": "100" }).write("part"), setTimeout(() => response.destroy(), 50), 200) }] });
      const cut = await trial.account({ endpoints: [{}] });
      const name = cut.endpoints[0]?.name ?? "";
      await allDelivered(trial);
      let first = true;
      trial.world.receiver.behave(name, (arrival, response) => {
        if (!first) return accept(arrival, response);
        first = false;
        response.socket?.write("HTTP/1.1 200 O");
        response.socket?.destroy();
        return 0;
      });
      const [a, b] = [await canceled(headed), await canceled(cut)];
      await until("both delivered", async () => (await onlyMessage(trial, a.id)).state === "delivered" && (await onlyMessage(trial, b.id)).state === "delivered", 30_000);
      const [one, two] = [await onlyMessage(trial, a.id), await onlyMessage(trial, b.id)];
      if (one.attempts !== 1) failures.push(`a complete head took ${one.attempts} attempts`);
      if (two.attempts !== 2) failures.push(`a broken head took ${two.attempts} attempts`);
    }
    return { counts: { "complete heads": trial.count, "broken heads": trial.count }, failures };
  },
};

const d4: Case = {
  id: "D4",
  title: "kill -9 of the dispatcher in the middle of an attempt",
  pass: "the attempt is recorded as unknown, the next follows, numbering has no gap, each is delivered at least once",
  count: 8,
  run: async (trial) => {
    const { world } = trial;
    const failures: string[] = [];
    const recoveriesMs: number[] = [];
    const open: { job: Job; killed: number }[] = [];
    for (let i = 0; i < trial.count; i++) {
      const account = await trial.account({ endpoints: [{}] });
      const name = account.endpoints[0]?.name ?? "";
      await allDelivered(trial, 60_000, 1);
      const arrived = Promise.withResolvers<undefined>();
      world.receiver.behave(name, () => (arrived.resolve(undefined), 0));
      const job = await canceled(account);
      await arrived.promise;
      await crash(world.deliver);
      open.push({ job, killed: Date.now() });
      world.receiver.behave(name, accept);
      await up("deliver", world.deliver.process);
      trial.progress(i + 1, trial.count);
    }
    for (const { job, killed } of open) {
      await until("delivered after all", async () => (await onlyMessage(trial, job.id)).state === "delivered", 120_000);
      const [row] = await world.connection.db.execute(sql`
        select extract(epoch from max(a.ended_at)) * 1000 as at, (array_agg(a.outcome order by a.n))[1] as first from webhook_messages m join webhook_attempts a on a.message_id = m.id where m.job_id = ${job.id}`);
      if (row?.["first"] !== "unknown") failures.push(`${job.id}: the first attempt is ${String(row?.["first"])}`);
      recoveriesMs.push(Math.round(Number(row?.["at"]) - killed));
    }
    return { counts: { kills: trial.count }, recoveriesMs, failures };
  },
};

const d6: Case = {
  id: "D6",
  title: "endpoints that redirect (301, 302, 303, 307, 308) to a server of ours",
  pass: "a failure each time; the target is never contacted",
  count: 5,
  short: 2,
  run: async (trial) => {
    let contacts = 0;
    const key = readFileSync(RECEIVER_CA.replace(".crt", ".key"));
    const canary = createServer({ key, cert: readFileSync(RECEIVER_CA) }, (_, response) => (contacts++, response.end()));
    canary.on("connection", () => contacts++);
    await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
    const location = `https://127.0.0.1:${(canary.address() as AddressInfo).port}/`;
    const failures: string[] = [];
    for (const status of [301, 302, 303, 307, 308].slice(0, trial.count)) {
      const account = await trial.account({ endpoints: [{ behave: answer(status, { location }) }] });
      const job = await canceled(account);
      const message = await attemptDone(trial, job.id, 1);
      if (message.state !== "pending") failures.push(`${status}: ${message.state}`);
      trial.world.receiver.behave(account.endpoints[0]?.name ?? "", accept);
      await hurry(trial, message.id);
    }
    await allDelivered(trial);
    canary.close();
    if (contacts > 0) failures.push(`the target was contacted ${contacts} times`);
    return { counts: { redirects: trial.count, "contacts of the target": contacts }, failures };
  },
};

const d7: Case = {
  id: "D7",
  title: "410; 429 and 503 with Retry-After: 120, ten years, negative, garbage",
  pass: "disabled at once; next attempt in 120 to 144 s; clamped to an hour and its spread; ignored",
  count: 1,
  short: 1,
  run: async (trial) => {
    const failures: string[] = [];
    const waits: [number, string, number, number][] = [
      [429, "120", 119, 146],
      [503, "120", 119, 146],
      [503, String(10 * 365 * 24 * 3600), 3599, 4325],
      [429, "-5", 59, 75],
      [429, "soon", 59, 75],
      [503, "-5", 3, 7],
      [503, new Date(Date.now() + 130_000).toUTCString(), 100, 160],
    ];
    const figures: Record<string, string> = {};
    for (const [status, header, from, to] of waits) {
      const account = await trial.account({ endpoints: [{ behave: answer(status, { "retry-after": header }) }] });
      const job = await canceled(account);
      const { waitS, id } = await attemptDone(trial, job.id, 1);
      if (waitS < from || waitS > to) failures.push(`${status} Retry-After ${header}: the wait is ${waitS} s`);
      figures[`${status} with ${header}`] = `${Math.round(waitS)} s`;
      trial.world.receiver.behave(account.endpoints[0]?.name ?? "", accept);
      await hurry(trial, id);
    }
    const gone = await trial.account({ endpoints: [{ behave: answer(410) }] });
    await until("disabled", async () => (await trial.world.connection.db.execute(sql`select state from webhook_endpoints where account_id = ${gone.id}`))[0]?.["state"] === "disabled", 20_000);
    const after = await canceled(gone);
    const message = await onlyMessage(trial, after.id);
    if (message.state !== "dropped") failures.push(`news for an endpoint that is gone is ${message.state}`);
    // The pings of these endpoints were put off as well, and come when they come.
    await allDelivered(trial, 60_000, 1);
    return { counts: { answers: waits.length + 1 }, figures, failures, telling: false };
  },
};

const d8: Case = {
  id: "D8",
  title: "the secret is rotated between attempts",
  pass: "the retry verifies with the old and with the new secret; after the overlap only with the new one",
  count: 4,
  run: async (trial) => {
    const { world } = trial;
    const failures: string[] = [];
    const verifies = (secret: string, fact: { id: string; body: string; timestamp: string; signature: string } | undefined): boolean => {
      if (fact === undefined) return false;
      try {
        new Webhook(secret).verify(fact.body, { "webhook-id": fact.id, "webhook-timestamp": fact.timestamp, "webhook-signature": fact.signature });
        return true;
      } catch {
        return false;
      }
    };
    for (let i = 0; i < trial.count; i++) {
      const account = await trial.account({ endpoints: [{ behave: (arrival, response) => answer(arrival.nth <= 2 ? 500 : 200)(arrival, response) }] });
      const endpoint = account.endpoints[0];
      if (endpoint === undefined) break;
      const heard = (job: string) => world.log.facts().findLast((fact) => fact.kind === "webhook" && fact.endpoint === endpoint.name && fact.body.includes(job)) as Parameters<typeof verifies>[1];
      const job = await canceled(account);
      const message = await attemptDone(trial, job.id, 1);
      const { secret } = await rotateEndpointSecret(world.connection.db, account.id, endpoint.id, 24 * 3600);
      await hurry(trial, message.id);
      await until("delivered", async () => (await onlyMessage(trial, job.id)).state === "delivered", 30_000);
      if (!verifies(endpoint.secret, heard(job.id))) failures.push("the old secret does not verify within the overlap");
      if (!verifies(secret, heard(job.id))) failures.push("the new secret does not verify");
      await world.connection.db.execute(sql`update webhook_endpoints set previous_secret_until = now() - interval '1 second' where id = ${endpoint.id}`);
      const next = await canceled(account);
      await until("delivered", async () => (await onlyMessage(trial, next.id)).state === "delivered", 30_000);
      if (verifies(endpoint.secret, heard(next.id))) failures.push("the old secret verifies after the overlap");
      if (!verifies(secret, heard(next.id))) failures.push("the new secret does not verify after the overlap");
    }
    // The oracle knows only the first secret.
    return { counts: { rotations: trial.count }, failures, telling: false };
  },
};

const d10: Case = {
  id: "D10",
  title: "job.started is slow to be taken or fails at first, the ending is quick",
  pass: "no older news begins after newer news was taken: a reader that applies versions never goes back",
  count: 12,
  short: 2,
  run: async (trial) => {
    const accounts = await Promise.all(
      Array.from({ length: trial.count }, (_, i) =>
        trial.account({
          endpoints: [
            {
              events: ["job.started", "job.succeeded", "job.failed", "job.canceled"],
              behave: (arrival, response) => {
                if (!arrival.body.includes('"job.started"')) return accept(arrival, response);
                if (i % 2 === 0) return answer(500)(arrival, response);
                setTimeout(() => response.writeHead(200).end(), 1500);
                return 200;
              },
            },
          ],
        }),
      ),
    );
    await Promise.all(accounts.map((account) => account.create({ steps: 5 })));
    await allEnded(trial);
    await allDelivered(trial);
    const [row] = await trial.world.connection.db.execute(sql`
      select count(*)::int as n from webhook_messages where state = 'superseded' and account_id in (select jsonb_array_elements_text(${JSON.stringify(accounts.map(({ id }) => id))}::jsonb))`);
    return { counts: { jobs: trial.count, superseded: Number(row?.["n"]) }, failures: [] };
  },
};

const d11: Case = {
  id: "D11",
  title: "an endpoint fails for five days (its clock is moved in the database)",
  pass: "the owner is warned at half of the time and the endpoint disabled at all of it; a success in between starts over; a replay delivers what was missed once more with the same ids",
  count: 2,
  run: async (trial) => {
    const { world } = trial;
    const { db } = world.connection;
    const failures: string[] = [];
    for (let i = 0; i < trial.count; i++) {
      let status = 500;
      const account = await trial.account({ endpoints: [{ behave: (arrival, response) => answer(status)(arrival, response) }, { events: ["endpoint.failing", "endpoint.disabled"] }] });
      const endpoint = account.endpoints[0];
      const news = account.endpoints[1];
      if (endpoint === undefined || news === undefined) break;
      const told = (type: string) => world.log.facts().some((fact) => fact.kind === "webhook" && fact.endpoint === news.name && fact.body.includes(type));
      const failingFor = (days: number) => db.execute(sql`update webhook_endpoints set failing_since = now() - ${days} * interval '1 day' where id = ${endpoint.id}`);
      const missed = await canceled(account);
      const message = await attemptDone(trial, missed.id, 1);
      await failingFor(DISABLE_AFTER_DAYS / 2 + 0.1);
      await hurry(trial, message.id);
      await attemptDone(trial, missed.id, 2);
      await until("warned", () => told("endpoint.failing"), 20_000);
      await failingFor(DISABLE_AFTER_DAYS + 0.1);
      await hurry(trial, message.id);
      await until("disabled", () => told("endpoint.disabled"), 20_000);
      status = 200;
      await account.call("PATCH", `/v1/webhook-endpoints/${endpoint.id}`, { state: "enabled" });
      const replayed = await account.call<{ count: number }>("POST", `/v1/webhook-endpoints/${endpoint.id}/replay`, { since: new Date(Date.now() - 3600_000).toISOString() });
      await until("the missed event arrived", async () => (await onlyMessage(trial, missed.id)).state === "delivered", 30_000);
      if (replayed.status !== 202) failures.push(`replay answered ${replayed.status}`);
      const [row] = await db.execute(sql`select failing_since from webhook_endpoints where id = ${endpoint.id}`);
      if (row?.["failing_since"] !== null) failures.push("a success did not start over");
    }
    return { counts: { endpoints: trial.count }, failures, telling: false };
  },
};

const d12: Case = {
  id: "D12",
  title: "an endpoint is deleted while its message waits for its next attempt",
  pass: "nothing is sent to it any more",
  count: 5,
  run: async (trial) => {
    const failures: string[] = [];
    for (let i = 0; i < trial.count; i++) {
      const account = await trial.account({ endpoints: [{ behave: answer(500) }] });
      const endpoint = account.endpoints[0];
      if (endpoint === undefined) break;
      const heard = () => trial.world.log.facts().filter((fact) => fact.kind === "webhook" && fact.endpoint === endpoint.name).length;
      const job = await canceled(account);
      const message = await attemptDone(trial, job.id, 1);
      const { status } = await account.call("DELETE", `/v1/webhook-endpoints/${endpoint.id}`);
      if (status !== 200) failures.push(`delete answered ${status}`);
      const before = heard();
      await hurry(trial, message.id);
      await canceled(account);
      await sleep(1500);
      if (heard() !== before) failures.push("a deleted endpoint was contacted");
      if ((await onlyMessage(trial, job.id)).state !== "dropped") failures.push("its message still waits");
    }
    return { counts: { endpoints: trial.count }, failures, telling: false };
  },
};

/** Section D: webhooks. */
export const WEBHOOKS: readonly Case[] = [d1, d2, d3, d4, d6, d7, d8, d10, d11, d12];
