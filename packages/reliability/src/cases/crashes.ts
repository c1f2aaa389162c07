import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "@deadiff/schemas";
import { sql } from "drizzle-orm";
import { callTrap, statementTrap } from "../faults/traps.ts";
import { refuseOneInThree } from "../world/receiver.ts";
import { inferenceOf } from "../world/system.ts";
import type { Member } from "../world/world.ts";
import { allDelivered, allEnded, crash, ended, generatorOf, until, up, type Trial } from "../trial.ts";
import type { Case, Outcome } from "./case.ts";

const CREATE = "insert into idempotency";
const BATCH = "SendMessageBatch";

/** Where the API dies during a create, as seen on its links. */
const EDGE_POINTS = ["before the transaction", "in the transaction", "after commit, before the answer", "after the answer, before the bell", "after the bell, before the outbox row is deleted"] as const;

const arm = ({ links, process }: Member, point: (typeof EDGE_POINTS)[number]): void => {
  const die = () => process.kill("SIGKILL");
  // A connection that has the statement prepared sends its text no more, and the traps know it by its text.
  links.pg.set({ kind: "reset" });
  links.pg.set({ kind: "none" });
  switch (point) {
    case "before the transaction":
      links.pg.tap(statementTrap(CREATE, "before", die));
      break;
    case "in the transaction":
      links.pg.tap(statementTrap(CREATE, "during", die));
      break;
    case "after commit, before the answer":
      links.pg.tap(statementTrap(CREATE, "after", die));
      break;
    case "after the answer, before the bell":
      links.sqs.tap(callTrap(BATCH, "before", die));
      break;
    case "after the bell, before the outbox row is deleted":
      links.sqs.tap(callTrap(BATCH, "after", die));
      break;
  }
};

const killedAtCreate = async (trial: Trial): Promise<Outcome> => {
  const { edge } = trial.world;
  const account = await trial.account({ endpoints: [{}] });
  const recoveriesMs: number[] = [];
  const counts: Record<string, number> = {};
  const failures: string[] = [];
  let done = 0;
  for (const point of EDGE_POINTS) {
    for (let i = 0; i < trial.count; i++) {
      const before = edge.deaths.length;
      arm(edge, point);
      const key = randomUUID();
      const job = await account.create({}, key);
      await until("the edge died", () => edge.deaths.length > before, 10_000, 10);
      edge.links.pg.tap(undefined);
      edge.links.sqs.tap(undefined);
      const died = edge.deaths.at(-1)?.at ?? 0;
      await up("edge", edge.process);
      const again = await account.create({}, key);
      if (again.id !== job.id) failures.push(`${point}: the same key gave ${job.id}, then ${again.id}`);
      recoveriesMs.push(Date.now() - died);
      counts[`killed ${point}`] = (counts[`killed ${point}`] ?? 0) + 1;
      trial.progress(++done, EDGE_POINTS.length * trial.count);
    }
  }
  await allEnded(trial);
  await allDelivered(trial);
  return { counts, recoveriesMs, failures };
};

const atCreate = { pass: "nothing lost or doubled; the client's retry with the same key gets the same job", run: killedAtCreate };
const a1: Case = { ...atCreate, id: "A1", title: "kill -9 of the API (Node) at each point of a create", count: 10, short: 1 };
const a1w: Case = { ...atCreate, id: "A1w", title: "kill -9 of the API (workerd) at each point of a create", count: 3, edge: "workerd" };

const a2: Case = {
  id: "A2",
  title: "kill -9 of the relay between sending bells and deleting them",
  pass: "nothing lost; each job is executed to effect once",
  count: 15,
  short: 1,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const recoveriesMs: number[] = [];
    for (let i = 0; i < trial.count; i++) {
      const before = world.deliver.deaths.length;
      world.edge.links.sqs.set({ kind: "reset" });
      world.deliver.links.sqs.tap(callTrap(BATCH, "after", () => world.deliver.process.kill("SIGKILL")));
      await Promise.all([1, 2, 3].map(() => account.create()));
      await until("the relay died", () => world.deliver.deaths.length > before, 30_000, 10);
      world.deliver.links.sqs.tap(undefined);
      const died = Date.now();
      await up("deliver", world.deliver.process);
      recoveriesMs.push(Date.now() - died);
      trial.progress(i + 1, trial.count);
    }
    world.edge.links.sqs.set({ kind: "none" });
    await allEnded(trial);
    await allDelivered(trial);
    const [row] = await world.connection.db.execute(sql`select count(*)::int as jobs, sum(fence)::int as claims from jobs where account_id = ${account.id}`);
    return { counts: { kills: trial.count, jobs: Number(row?.["jobs"]), claims: Number(row?.["claims"]) }, recoveriesMs, failures: row?.["jobs"] === row?.["claims"] ? [] : ["a job was claimed twice although no worker died"] };
  },
};

/** From each death of a worker that held a job to the job's next start. */
const takeovers = async (trial: Trial, members: readonly Member[]): Promise<number[]> => {
  const lost = await trial.world.connection.db.execute(sql`
    select a.worker_id as worker, extract(epoch from n.started_at) * 1000 as at from job_attempts a
    join job_attempts n on n.job_id = a.job_id and n.fence = a.fence + 1 where a.outcome = 'lost'`);
  const deaths = new Map(members.flatMap(({ deaths }) => deaths.map(({ worker, at }): [string, number] => [worker, at])));
  return lost.flatMap(({ worker, at }) => {
    const died = deaths.get(String(worker));
    return died === undefined ? [] : [Math.round(Number(at) - died)];
  });
};

/** Where the worker kills itself: named in its own code. */
const WORKER_POINTS = ["claimed", "decoded", "generated", "uploaded", "committed"] as const;

const killedAtWork = async (trial: Trial): Promise<Outcome> => {
  const { world } = trial;
  const account = await trial.account({ endpoints: [{}] });
  const counts: Record<string, number> = {};
  let done = 0;
  for (let i = 0; i < trial.count; i++) {
    for (const [n, point] of WORKER_POINTS.entries()) {
      const victim = world.workers[n % world.workers.length];
      if (victim === undefined) throw new Error("no worker");
      const before = victim.deaths.length;
      await victim.process.stop();
      victim.process.start({ DEADIFF_CRASH_AT: point });
      await up(victim.name, victim.process);
      // Whichever worker hears of a job takes it: one after the other until the armed one got its share.
      while (victim.deaths.length === before) {
        const jobs = await Promise.all(world.workers.map(() => account.create()));
        const open = async () => (await Promise.all(jobs.map(({ id }) => account.job(id)))).some(({ is_terminal }) => !is_terminal);
        await until("it died, or the jobs ended", async () => victim.deaths.length > before || !(await open()), 120_000);
      }
      counts[`killed when ${point}`] = (counts[`killed when ${point}`] ?? 0) + 1;
      trial.progress(++done, WORKER_POINTS.length * trial.count);
      await up(victim.name, victim.process);
    }
  }
  await allEnded(trial);
  await allDelivered(trial);
  const recoveriesMs = await takeovers(trial, world.workers);
  const limitMs = (world.options.leaseS + 15) * 1000;
  const late = recoveriesMs.filter((ms) => ms > limitMs);
  return { counts, recoveriesMs, figures: { lease: `${world.options.leaseS} s` }, failures: late.length > recoveriesMs.length / 100 ? [`${late.length} of ${recoveriesMs.length} takeovers took longer than ${limitMs / 1000} s`] : [] };
};

const a3: Case = {
  id: "A3",
  title: "kill -9 of a worker at each named point of a job, with the usual lease",
  pass: "nothing lost or doubled; another attempt starts within 45 s (99 %)",
  count: 5,
  leaseS: 30,
  run: killedAtWork,
};

const a3s: Case = {
  id: "A3s",
  title: "kill -9 of a worker at each named point of a job, with a short lease",
  pass: "nothing lost or doubled; another attempt starts within lease + 15 s (99 %)",
  count: 3,
  run: killedAtWork,
};

const a3r: Case = {
  id: "A3r",
  title: "kill -9 of workers at moments of their work drawn from the seed",
  pass: "nothing lost or doubled",
  count: 12,
  short: 2,
  run: async (trial) => {
    const { world, random } = trial;
    const account = await trial.account({ endpoints: [{}] });
    for (let i = 0; i < trial.count; i++) {
      await Promise.all(Array.from({ length: 4 }, () => account.create({ steps: random.between(1, 20) })));
      await sleep(random.between(0, 1500));
      await crash(random.pick(world.workers));
      trial.progress(i + 1, trial.count);
      await Promise.all(world.workers.map(({ name, process }) => up(name, process)));
    }
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: { kills: trial.count, jobs: 4 * trial.count }, recoveriesMs: await takeovers(trial, world.workers), failures: [] };
  },
};

/** Kills the inference process that generates a job. False when the job ended first. */
const killChildAtWork = async (trial: Trial, job: string, signal: NodeJS.Signals): Promise<boolean> => {
  for (;;) {
    const worker = await generatorOf(trial, job);
    if (worker === undefined) return false;
    const child = await inferenceOf(worker);
    if (child !== undefined) return process.kill(child, signal);
    await sleep(20);
  }
};

const a4: Case = {
  id: "A4",
  title: "SIGSEGV and SIGKILL of the inference process while it works",
  pass: "the job is tried again, the supervisor lives; a job that kills it three times fails with attempts_exhausted and costs nothing",
  count: 8,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    const recoveriesMs: number[] = [];
    const supervisors = world.workers.map(({ process }) => process.pid());
    let kills = 0;
    for (let i = 0; i < trial.count; i++) {
      const job = await account.create({ steps: 100, count: 4 });
      const bystander = await account.create();
      if (await killChildAtWork(trial, job.id, i % 2 === 0 ? "SIGSEGV" : "SIGKILL")) {
        kills++;
        const at = Date.now();
        await ended(account, job.id);
        recoveriesMs.push(Date.now() - at);
      }
      for (const { id } of [job, bystander]) {
        const { state } = await ended(account, id);
        if (state !== "succeeded") failures.push(`${id} ended ${state}`);
      }
      trial.progress(i + 1, trial.count);
    }
    // One that is done before its third death proves nothing: another is taken.
    for (let tries = 0; tries < 5; tries++) {
      const deadly = await account.create({ steps: 100, count: 8 });
      for (let deaths = 0; deaths < 3 && (await killChildAtWork(trial, deadly.id, "SIGKILL")); deaths++) {
        kills++;
        await until("the attempt is over", async () => (await account.job(deadly.id)).state !== "running", 60_000, 50);
      }
      const job = await account.job(deadly.id);
      if (job.state === "succeeded") continue;
      if (job.error?.code !== "attempts_exhausted" || job.charge.state !== "released") failures.push(`three deaths: ${job.state} ${String(job.error?.code)} ${job.charge.state}`);
      break;
    }
    if (world.workers.some(({ process }, i) => process.pid() !== supervisors[i])) failures.push("a supervisor died with its child");
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: { kills }, recoveriesMs, failures };
  },
};

const a5: Case = {
  id: "A5",
  title: "SIGSTOP of a worker at work, SIGCONT after another finished its job",
  pass: "what the zombie writes changes nothing; one event, one charge, one webhook",
  count: 6,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    const recoveriesMs: number[] = [];
    for (let i = 0; i < trial.count; i++) {
      const job = await account.create({ steps: 100, count: 4 });
      const pid = await generatorOf(trial, job.id);
      if (pid === undefined) continue;
      process.kill(pid, "SIGSTOP");
      const stopped = Date.now();
      try {
        await ended(account, job.id);
      } finally {
        process.kill(pid, "SIGCONT");
      }
      recoveriesMs.push(Date.now() - stopped);
      await sleep(1500);
      const [row] = await world.connection.db.execute(sql`select (select count(*)::int from job_events where job_id = ${job.id} and terminal) as endings, fence from jobs where id = ${job.id}`);
      if (row?.["endings"] !== 1) failures.push(`${job.id}: ${String(row?.["endings"])} endings`);
      trial.progress(i + 1, trial.count);
    }
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: { zombies: recoveriesMs.length }, recoveriesMs, failures };
  },
};

const a6: Case = {
  id: "A6",
  title: "SIGTERM of workers with jobs in flight",
  pass: "nothing is claimed later than a second after the signal; every job finishes or is given back with its try",
  count: 8,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    const drainsMs: number[] = [];
    for (let i = 0; i < trial.count; i++) {
      const victim = world.workers[i % world.workers.length];
      if (victim === undefined) break;
      // Longer than the grace of a drain, so that some are given back.
      const jobs = await Promise.all(Array.from({ length: world.workers.length + 1 }, () => account.create({ mode: "test", prompt: "test:slow:8" })));
      const worker = String(victim.lines.findLast(({ event }) => event === "started")?.["worker_id"]);
      await until("the worker has work", async () => Number((await world.connection.db.execute(sql`select count(*)::int as n from jobs where lease_owner = ${worker}`))[0]?.["n"]) > 0, 30_000);
      const [clock] = await world.connection.db.execute(sql`select now() + interval '1 second' as after`);
      const asked = Date.now();
      await victim.process.stop(30_000);
      drainsMs.push(Date.now() - asked);
      const [row] = await world.connection.db.execute(sql`
        select (select count(*)::int from job_attempts where worker_id = ${worker} and started_at > ${String(clock?.["after"])}::timestamptz) as late,
          (select count(*)::int from job_attempts a join jobs j on j.id = a.job_id where j.account_id = ${account.id} and worker_id = ${worker} and (ended_at is null or outcome = 'lost')) as left_open,
          (select count(*)::int from jobs where account_id = ${account.id} and state = 'queued' and tries_left < 3) as burnt`);
      if (Number(row?.["late"]) > 0) failures.push("a job was claimed after the signal");
      if (Number(row?.["left_open"]) > 0) failures.push("a job was left to its lease");
      if (Number(row?.["burnt"]) > 0) failures.push("a job that was given back lost a try");
      victim.process.start();
      await up(victim.name, victim.process);
      await Promise.all(jobs.map(({ id }) => account.cancel(id)));
      trial.progress(i + 1, trial.count);
    }
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: { drains: trial.count }, recoveriesMs: drainsMs, failures };
  },
};

/** Creates at a steady pace until told to stop; returns what was acknowledged. */
const creating = (account: { create: () => Promise<Job> }, everyMs: number) => {
  const asked: Promise<Job>[] = [];
  const timer = setInterval(() => asked.push(account.create()), everyMs);
  return {
    stop: (): Promise<Job[]> => {
      clearInterval(timer);
      return Promise.all(asked);
    },
  };
};

const a7: Case = {
  id: "A7",
  title: "kill -9 of Postgres under load, and its restart",
  pass: "every acknowledged create is there; none is acknowledged during the outage: 503 with Retry-After; work resumes within 10 s of Postgres",
  count: 4,
  short: 1,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    const recoveriesMs: number[] = [];
    const statuses: Record<string, number> = {};
    let acknowledged = 0;
    for (let i = 0; i < trial.count; i++) {
      const load = creating(account, 250);
      await sleep(trial.random.between(1000, 3000));
      await world.database.kill();
      for (let probe = 0; probe < 3; probe++) {
        const answered = await account.tryCreate({}, randomUUID(), 15_000).catch(() => undefined);
        const status = String(answered?.status ?? "no answer");
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (answered === undefined || answered.status !== 503 || answered.headers.get("retry-after") === null) failures.push(`during the outage: ${status}, Retry-After ${String(answered?.headers.get("retry-after"))}`);
      }
      await world.database.revive();
      const revived = Date.now();
      world.reconnect();
      const job = await account.create();
      recoveriesMs.push(Date.now() - revived);
      acknowledged += (await load.stop()).length + 1;
      await ended(account, job.id);
      trial.progress(i + 1, trial.count);
    }
    await allEnded(trial);
    await allDelivered(trial);
    if (recoveriesMs.some((ms) => ms > 10_000)) failures.push("creates resumed later than 10 s after Postgres");
    return { counts: { outages: trial.count, acknowledged, ...Object.fromEntries(Object.entries(statuses).map(([status, n]) => [`answered ${status} during the outage`, n])) }, recoveriesMs, failures };
  },
};

const a9: Case = {
  id: "A9",
  title: "kill -9 of everything at a random moment under load, as by a power cut",
  pass: "the invariants hold after each seed",
  count: 6,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}, { behave: refuseOneInThree(500) }] });
    const recoveriesMs: number[] = [];
    let jobs = 0;
    for (let i = 0; i < trial.count; i++) {
      const load = creating(account, 200);
      await sleep(trial.random.between(500, 6000));
      world.cloud.kill("SIGKILL");
      await Promise.all([...world.members.map(crash), world.database.kill()]);
      const cut = Date.now();
      await world.database.revive();
      world.reconnect();
      await Promise.all([up("cloud", world.cloud), ...world.members.map(({ name, process }) => up(name, process))]);
      const job = await account.create();
      await ended(account, job.id);
      recoveriesMs.push(Date.now() - cut);
      jobs += (await load.stop()).length + 1;
      trial.progress(i + 1, trial.count);
    }
    await allEnded(trial);
    // One that was cut off and then refused has its third attempt after five minutes.
    await allDelivered(trial, 420_000, 400);
    return { counts: { "power cuts": trial.count, jobs }, recoveriesMs, failures: [] };
  },
};

/** Section A: crashes. */
export const CRASHES: readonly Case[] = [a1, a1w, a2, a3, a3s, a3r, a4, a5, a6, a7, a9];
