import { setTimeout as sleep } from "node:timers/promises";
import { GetQueueAttributesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { newId, type Job } from "@deadiff/schemas";
import { sql } from "drizzle-orm";
import type { Fault } from "../faults/link.ts";
import { refuseOneInThree } from "../world/receiver.ts";
import { descriptorsOf, memoryOf } from "../world/system.ts";
import type { World } from "../world/world.ts";
import { percentile } from "../figures.ts";
import { allDelivered, allEnded, ended, generatorOf, until, up, type Account, type Trial } from "../trial.ts";
import type { Case } from "./case.ts";

const claimsOf = async (world: World, account: Account): Promise<{ jobs: number; claims: number }> => {
  const [row] = await world.connection.db.execute(sql`select count(*)::int as jobs, coalesce(sum(fence), 0)::int as claims from jobs where account_id = ${account.id}`);
  return { jobs: Number(row?.["jobs"]), claims: Number(row?.["claims"]) };
};

const many = (n: number, make: () => Promise<Job>): Promise<Job[]> => Promise.all(Array.from({ length: n }, make));

const b1: Case = {
  id: "B1",
  title: "every queue message delivered three times, shuffled",
  pass: "one effect each; no job is worked on twice",
  count: 60,
  short: 10,
  run: async (trial) => {
    const account = await trial.account({ endpoints: [{}] });
    trial.world.queue.set({ copies: 3, delayMaxS: 5 });
    await many(trial.count, account.create);
    await allEnded(trial);
    await allDelivered(trial);
    const { jobs, claims } = await claimsOf(trial.world, account);
    return { counts: { jobs, claims }, failures: claims === jobs ? [] : [`${claims} claims for ${jobs} jobs`] };
  },
};

const b2: Case = {
  id: "B2",
  title: "the queue is away for 30 s while creates go on at 5 a second",
  pass: "creates keep succeeding; the backlog of bells drains within 3 min; nothing lost",
  count: 150,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    for (const { links } of world.members) links.sqs.set({ kind: "reset" });
    const latenciesMs: number[] = [];
    const asked: Promise<void>[] = [];
    const failures: string[] = [];
    for (let i = 0; i < trial.count; i++) {
      asked.push(
        account.tryCreate({}, newId("request")).then(
          ({ status, ms }) => {
            latenciesMs.push(ms);
            if (status !== 202) failures.push(`a create answered ${status}`);
          },
          (error: unknown) => void failures.push(String(error)),
        ),
      );
      await sleep(200);
    }
    await Promise.all(asked);
    for (const { links } of world.members) links.sqs.set({ kind: "none" });
    const back = Date.now();
    await until("the outbox is empty", async () => Number((await world.connection.db.execute(sql`select count(*)::int as n from outbox`))[0]?.["n"]) === 0, 180_000);
    const drainedMs = Date.now() - back;
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: { creates: trial.count }, recoveriesMs: [drainedMs], figures: { "create p50 / p99 during the outage": `${Math.round(percentile(latenciesMs, 0.5))} / ${Math.round(percentile(latenciesMs, 0.99))} ms` }, failures };
  },
};

const b3: Case = {
  id: "B3",
  title: "every message of a time is acknowledged by the queue and lost",
  pass: "all jobs are rung again within 3 min",
  count: 15,
  run: async (trial) => {
    const account = await trial.account({ endpoints: [{}] });
    trial.world.queue.set({ loss: 1 });
    const asked = Date.now();
    const jobs = await many(trial.count, account.create);
    await sleep(4000);
    trial.world.queue.set({});
    await allEnded(trial);
    await allDelivered(trial);
    const starts = await Promise.all(jobs.map(async ({ id }) => Date.parse((await account.job(id)).started_at ?? "")));
    const recoveriesMs = starts.map((at) => at - asked);
    return { counts: { jobs: jobs.length }, recoveriesMs, failures: recoveriesMs.some((ms) => ms > 180_000) ? ["a job was rung again later than after 3 min"] : [] };
  },
};

const b4: Case = {
  id: "B4",
  title: "messages become visible after 2 s while the work takes 6 s, and prolonging them fails",
  pass: "the lease governs: no job is worked on twice",
  count: 8,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const before = world.queue.calls()["ReceiveMessage"] ?? 0;
    world.queue.set({ visibilityS: 2, refused: ["ChangeMessageVisibility", "ChangeMessageVisibilityBatch"] });
    await many(trial.count, () => account.create({ mode: "test", prompt: "test:slow:6" }));
    await allEnded(trial);
    world.queue.set({});
    await allDelivered(trial);
    const { jobs, claims } = await claimsOf(world, account);
    return { counts: { jobs, claims, receives: (world.queue.calls()["ReceiveMessage"] ?? 0) - before }, failures: claims === jobs ? [] : [`${claims} claims for ${jobs} jobs`] };
  },
};

const b6: Case = {
  id: "B6",
  title: "a worker at work loses the database alone: black hole and half-open connection",
  pass: "it gives up within its lease, another finishes the job, nothing of the first becomes visible",
  count: 6,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    const recoveriesMs: number[] = [];
    let gaveUp = 0;
    for (let i = 0; i < trial.count; i++) {
      const job = await account.create({ mode: "test", prompt: "test:slow:8" });
      const pid = await generatorOf(trial, job.id);
      const victim = world.workers.find(({ process }) => process.pid() === pid);
      if (victim === undefined) {
        failures.push("the job ended before its worker could be cut off");
        continue;
      }
      const seen = victim.lines.length;
      victim.links.pg.set({ kind: i % 2 === 0 ? "black_hole" : "half_open" });
      const cut = Date.now();
      const { state } = await ended(account, job.id);
      recoveriesMs.push(Date.now() - cut);
      victim.links.pg.set({ kind: "none" });
      if (state !== "succeeded") failures.push(`${job.id} ended ${state}`);
      const ending = victim.lines.slice(seen).find(({ event }) => event === "job_ended");
      const gaveUpMs = Date.parse(String(ending?.["time"])) - cut;
      if (ending?.["ending"] === "lost" && gaveUpMs <= world.options.leaseS * 1000) gaveUp++;
      else failures.push(`${job.id}: its worker ended with ${String(ending?.["ending"])} after ${gaveUpMs} ms`);
      trial.progress(i + 1, trial.count);
    }
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: { "links cut": trial.count, "given up by its worker within the lease": gaveUp }, recoveriesMs, failures };
  },
};

const STORE_FAULTS: readonly Fault[] = [{ kind: "reset" }, { kind: "black_hole" }, { kind: "throttle", bytesPerS: 300 }, { kind: "half_open" }];

const b7: Case = {
  id: "B7",
  title: "workers lose the object store: reset, black hole, 300 bytes a second, half-open",
  pass: "attempts fail as store_unavailable and are tried again; no partial picture is visible",
  count: 4,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    const recoveriesMs: number[] = [];
    for (let i = 0; i < trial.count; i++) {
      const fault = STORE_FAULTS[i % STORE_FAULTS.length] ?? { kind: "reset" };
      const jobs = await many(2, () => account.create({ steps: 10 }));
      for (const { links } of world.workers) links.s3.set(fault);
      await sleep(6000);
      for (const { links } of world.workers) links.s3.set({ kind: "none" });
      const healed = Date.now();
      for (const { id } of jobs) {
        const { state, error } = await ended(account, id, 180_000);
        if (state !== "succeeded") failures.push(`${fault.kind}: ended ${state} ${String(error?.code)}`);
      }
      recoveriesMs.push(Date.now() - healed);
      trial.progress(i + 1, trial.count);
    }
    await allDelivered(trial);
    const codes = await world.connection.db.execute(sql`
      select error_code as code, count(*)::int as n from job_attempts a join jobs j on j.id = a.job_id where j.account_id = ${account.id} and error_code is not null group by 1`);
    for (const { code } of codes) if (code !== "store_unavailable" && code !== "worker_lost") failures.push(`an attempt failed as ${String(code)}`);
    return { counts: { faults: trial.count, ...Object.fromEntries(codes.map(({ code, n }) => [`attempts ended as ${String(code)}`, Number(n)])) }, recoveriesMs, failures };
  },
};

const b8: Case = {
  id: "B8",
  title: "clients hang up during long polls and event streams",
  pass: "the API keeps no connection, timer or descriptor of them, and grows by at most 5 % and 10 MB",
  count: 300,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account();
    for (const { links } of world.workers) links.sqs.set({ kind: "black_hole" });
    const job = await account.create();
    const hangUp = async (n: number): Promise<void> => {
      for (let at = 0; at < n; at += 20) {
        await Promise.all(
          Array.from({ length: Math.min(20, n - at) }, async (_, i) => {
            const left = new AbortController();
            const asked = fetch(`${world.apiUrl}/v1/jobs/${job.id}${i % 2 === 0 ? "?wait_s=50" : "/events"}`, { headers: { authorization: `Bearer ${account.keys.live}` }, signal: left.signal }).then(
              async (response) => response.text(),
              () => undefined,
            );
            await sleep(trial.random.between(20, 300));
            left.abort();
            await asked.catch(() => undefined);
          }),
        );
        trial.progress(at + 20, n);
      }
      await sleep(3000);
    };
    const pid = world.edge.process.pid() ?? 0;
    // Warm first, so that what stays is a leak and not a cache.
    await hangUp(40);
    const look = async () => ({ ...(await memoryOf(pid)), descriptors: await descriptorsOf(pid) });
    const before = await look();
    await hangUp(trial.count);
    const after = await look();
    const failures = after.descriptors > before.descriptors * 1.05 + 3 ? [`${before.descriptors} descriptors became ${after.descriptors}`] : [];
    // A collection that is due is no leak.
    if (!(after.nowMb <= before.nowMb * 1.05 + 10)) failures.push(`${Math.round(before.nowMb)} MB became ${Math.round(after.nowMb)}`);
    await account.cancel(job.id);
    for (const { links } of world.workers) links.sqs.set({ kind: "none" });
    // A worker may have had its bell already.
    await allEnded(trial);
    return { counts: { "hung up": trial.count }, figures: { RSS: `${Math.round(before.nowMb)} to ${Math.round(after.nowMb)} MB`, descriptors: `${before.descriptors} to ${after.descriptors}` }, failures };
  },
};

const SKEW = new URL("../faults/skewed-clock.mjs", import.meta.url).href;

const b9: Case = {
  id: "B9",
  title: "the clocks of API and workers are ten minutes ahead, then ten minutes behind",
  pass: "leases and deadlines obey the database's clock alone: no job is lost, claimed twice or late",
  count: 6,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    const skewed = [world.edge, ...world.workers];
    for (const minutes of [10, -10]) {
      for (const { name, process } of skewed) {
        await process.stop();
        process.start({ NODE_OPTIONS: `--import ${SKEW}?ms=${minutes * 60_000}` });
        await up(name, process);
      }
      await many(trial.count, () => account.create({ mode: "test", prompt: "test:slow:2" }));
      await allEnded(trial);
      trial.progress(minutes > 0 ? 1 : 2, 2);
    }
    for (const { name, process } of skewed) {
      await process.stop();
      process.start();
      await up(name, process);
    }
    await allDelivered(trial);
    const { jobs, claims } = await claimsOf(world, account);
    if (claims !== jobs) failures.push(`${claims} claims for ${jobs} jobs`);
    return { counts: { jobs, claims }, failures };
  },
};

const b10: Case = {
  id: "B10",
  title: "three relays, sweepers and dispatchers at once, a third of the webhooks refused at first",
  pass: "no effect is doubled; the work is shared",
  count: 60,
  run: async (trial) => {
    const { world } = trial;
    const others = [await world.another("deliver"), await world.another("deliver")];
    const account = await trial.account({ endpoints: [{ behave: refuseOneInThree(503) }, {}] });
    world.edge.links.sqs.set({ kind: "reset" });
    const seen = [world.deliver, ...others].map(({ lines }) => lines.length);
    await many(trial.count, account.create);
    await allEnded(trial);
    world.edge.links.sqs.set({ kind: "none" });
    await allDelivered(trial, 180_000);
    const shares = [world.deliver, ...others].map(({ lines }, i) => lines.slice(seen[i]).filter(({ event }) => event === "webhook_attempt").length);
    const { jobs, claims } = await claimsOf(world, account);
    return {
      counts: { jobs, claims, attempts: shares.reduce((sum, n) => sum + n, 0) },
      figures: { "attempts by dispatcher": shares.join(", ") },
      failures: [...(claims === jobs ? [] : [`${claims} claims for ${jobs} jobs`]), ...(shares.every((n) => n > 0) ? [] : ["a dispatcher had nothing to do"])],
    };
  },
};

const POISON = ["{", '{"v":2,"job_id":"job_00000000000000000000000000"}', '{"v":1,"job_id":"job_00000000000000000000000000"}', '{"v":1,"job_id":"1; drop table jobs"}', "x".repeat(256 * 1024), "\u0000", "[]"];

const b11: Case = {
  id: "B11",
  title: "poison in the queue: broken JSON, unknown version, unknown job, 256 KiB",
  pass: "each is dropped at its first receive; jobs behind it go on",
  count: 3,
  short: 1,
  run: async (trial) => {
    const { world } = trial;
    const { accessKeyId, secretAccessKey, region, endpoint } = world.credentials;
    const sqs = new SQSClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
    const account = await trial.account({ endpoints: [{}] });
    const before = world.workers.map(({ lines }) => lines.length);
    let sent = 0;
    for (let i = 0; i < trial.count; i++) {
      for (const body of POISON) {
        // What the queue itself refuses never reaches a worker.
        sent += await sqs.send(new SendMessageCommand({ QueueUrl: world.queueUrl, MessageBody: body })).then(() => 1, () => 0);
      }
      await account.create();
    }
    await allEnded(trial);
    await until("the queue is empty", async () => {
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: world.queueUrl, AttributeNames: ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] }));
      return Object.values(Attributes ?? {}).every((n) => n === "0");
    });
    await allDelivered(trial);
    const drops = world.workers.flatMap(({ lines }, i) => lines.slice(before[i])).filter(({ event }) => event === "poison_message");
    const ids = drops.map(({ message_id }) => String(message_id));
    sqs.destroy();
    return { counts: { "messages sent": sent, "refused as poison": ids.length }, failures: new Set(ids).size === ids.length ? [] : ["a poison message came back"] };
  },
};

const LINK_FAULTS: readonly Fault[] = [{ kind: "latency", ms: 200 }, { kind: "black_hole" }, { kind: "reset" }, { kind: "half_open" }, { kind: "throttle", bytesPerS: 2000 }];

const sweep = async (trial: Trial): Promise<{ faults: number; jobs: number }> => {
  const { world, random } = trial;
  const account = await trial.account({ endpoints: [{}] });
  const links = [
    ...world.members.flatMap(({ name, links }) => Object.entries(links).map(([what, link]) => ({ name: `${name}-${what}`, link }))),
    { name: "dispatcher-receiver", link: world.receiverLink },
  ].filter(({ name }) => name !== "deliver-s3" && name !== "edge-s3");
  let jobs = 0;
  let done = 0;
  const chosen = random.shuffle(links.flatMap(({ link }) => LINK_FAULTS.map((fault) => ({ link, fault })))).slice(0, trial.count);
  for (const { link, fault } of chosen) {
    const asked = many(2, account.create);
    await sleep(random.between(0, 400));
    link.set(fault);
    await sleep(random.between(1000, 4000));
    link.set({ kind: "none" });
    jobs += (await asked).length;
    trial.progress(++done, chosen.length);
  }
  await allEnded(trial);
  await allDelivered(trial, 420_000, 20);
  return { faults: chosen.length, jobs };
};

const b0: Case = {
  id: "B0",
  title: "each link in turn: latency, black hole, reset, half-open, throttle, in an order drawn from the seed",
  pass: "nothing lost or doubled; every create is acknowledged once the link is whole",
  count: 55,
  run: async (trial) => {
    const { faults, jobs } = await sweep(trial);
    return { counts: { faults, jobs }, failures: [] };
  },
};

/** Section B: queue, network, clock. */
export const NETWORK: readonly Case[] = [b0, b1, b2, b3, b4, b6, b7, b8, b9, b10, b11];
