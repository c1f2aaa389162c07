import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { percentile } from "../figures.ts";
import { allDelivered, allEnded, ended, until } from "../trial.ts";
import type { Case } from "./case.ts";

const c1: Case = {
  id: "C1",
  title: "cancels at random moments of a job's life",
  pass: "a 2xx cancel of an open job ends as canceled, at no price; work stops within 15 s (99 %)",
  count: 80,
  short: 8,
  run: async (trial) => {
    const account = await trial.account({ endpoints: [{}] });
    const stopsMs: number[] = [];
    const replies: Record<string, number> = {};
    let done = 0;
    const one = async (): Promise<void> => {
      const long = trial.random.next() < 0.4;
      const job = await account.create(long ? { mode: "test", prompt: "test:slow:3" } : { steps: trial.random.between(1, 40) });
      await sleep(trial.random.between(0, 2500));
      const { status, body } = await account.cancel(job.id);
      const asked = Date.now();
      replies[status === 200 ? `answered ${body.state}` : String(status)] = (replies[status === 200 ? `answered ${body.state}` : String(status)] ?? 0) + 1;
      if (!body.is_terminal) {
        await ended(account, job.id);
        stopsMs.push(Date.now() - asked);
      }
      trial.progress(++done, trial.count);
    };
    for (let at = 0; at < trial.count; at += 4) await Promise.all(Array.from({ length: Math.min(4, trial.count - at) }, one));
    await allEnded(trial);
    await allDelivered(trial);
    const p99 = percentile(stopsMs, 0.99);
    return { counts: replies, recoveriesMs: stopsMs, failures: [...(p99 > 15_000 ? [`work stopped after ${Math.round(p99)} ms (99 %)`] : []), ...Object.keys(replies).filter((reply) => /^\d/.test(reply)).map((reply) => `a cancel answered ${reply}`)] };
  },
};

const c2: Case = {
  id: "C2",
  title: "fifty cancels of one job at once",
  pass: "one event, one release, every answer 200",
  count: 6,
  short: 1,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    for (let i = 0; i < trial.count; i++) {
      const job = await account.create({ mode: i % 2 === 0 ? "live" : "test", prompt: i % 2 === 0 ? "a dog" : "test:slow:20", steps: 20 });
      if (i % 2 === 1) await until("running", async () => (await account.job(job.id)).state === "running", 60_000);
      const answers = await Promise.all(Array.from({ length: 50 }, () => account.cancel(job.id)));
      const wrong = answers.filter(({ status }) => status !== 200);
      if (wrong.length > 0) failures.push(`${wrong.length} cancels answered ${String(wrong[0]?.status)}`);
      await ended(account, job.id);
      const [row] = await world.connection.db.execute(sql`
        select (select count(*)::int from job_events where job_id = ${job.id} and type in ('job.canceled', 'job.cancel_requested')) as events,
          (select count(*)::int from ledger where job_id = ${job.id} and kind = 'release') as releases, (select state from jobs where id = ${job.id}) as state`);
      if (Number(row?.["events"]) > 2 || (row?.["state"] === "canceled" && row["releases"] !== 1)) failures.push(`${job.id}: ${JSON.stringify(row)}`);
    }
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: { jobs: trial.count, cancels: trial.count * 50 }, failures };
  },
};

const c3: Case = {
  id: "C3",
  title: "cancels that race the completion: sent as the job is about to end",
  pass: "one of the two wins, and the answer said which",
  count: 120,
  run: async (trial) => {
    const account = await trial.account({ endpoints: [{}] });
    // Aimed at the end, whose distance depends on the machine: later after a cancel that was early, earlier after one that was late.
    let aimMs = 100;
    const outcomes: Record<string, number> = {};
    const failures: string[] = [];
    let done = 0;
    const one = async (): Promise<void> => {
      const job = await account.create({ steps: 20 });
      await until("about to end", async () => {
        const [row] = await trial.world.connection.db.execute(sql`select phase from jobs where id = ${job.id}`);
        return row?.["phase"] !== "waiting" && row?.["phase"] !== "starting";
      }, 90_000, 10);
      await sleep(trial.random.between(0, Math.round(2 * aimMs)));
      const { status, body } = await account.cancel(job.id);
      aimMs *= body.is_terminal ? 0.8 : 1.25;
      const final = await ended(account, job.id);
      const outcome = `${body.is_terminal ? `found ${body.state}` : "came in time"}, ended ${final.state}`;
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (status !== 200) failures.push(`a cancel answered ${status}`);
      trial.progress(++done, trial.count);
    };
    for (let at = 0; at < trial.count; at += 3) await Promise.all(Array.from({ length: Math.min(3, trial.count - at) }, one));
    await allDelivered(trial);
    const early = Object.entries(outcomes).reduce((sum, [outcome, n]) => sum + (outcome.startsWith("came in time") ? n : 0), 0);
    if (Math.min(early, trial.count - early) < trial.count / 10) failures.push(`no race: ${early} of ${trial.count} cancels were early`);
    return { counts: outcomes, failures };
  },
};

const c4: Case = {
  id: "C4",
  title: "a job follows a canceled one on the same workers",
  pass: "the cancel of one job never touches the next",
  count: 20,
  run: async (trial) => {
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    for (let i = 0; i < trial.count; i++) {
      const first = await account.create({ steps: 100, count: 4 });
      const next = await Promise.all(trial.world.workers.map(() => account.create({ steps: 2 })));
      await until("running", async () => (await account.job(first.id)).state !== "queued", 60_000);
      await Promise.all([account.cancel(first.id), account.cancel(first.id)]);
      for (const { id } of next) {
        const { state } = await ended(account, id);
        if (state !== "succeeded") failures.push(`${id} ended ${state}`);
      }
      trial.progress(i + 1, trial.count);
    }
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: { pairs: trial.count }, failures };
  },
};

const c5: Case = {
  id: "C5",
  title: "start_by and finish_by pass, before the start and during the work",
  pass: "expired at no price, without an attempt when it never started; work stops within 5 s of the deadline (and a sweep)",
  count: 6,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    for (const { links } of world.workers) links.sqs.set({ kind: "black_hole" });
    const unstarted = await Promise.all(Array.from({ length: trial.count }, () => account.create({ more: { start_within_s: 10, finish_within_s: 60 } })));
    for (const { id } of unstarted) {
      const job = await ended(account, id);
      const [row] = await world.connection.db.execute(sql`select count(*)::int as n from job_attempts where job_id = ${id}`);
      if (job.state !== "expired" || row?.["n"] !== 0 || job.charge.state !== "released") failures.push(`${id}: ${job.state}, ${String(row?.["n"])} attempts, ${job.charge.state}`);
    }
    for (const { links } of world.workers) links.sqs.set({ kind: "none" });
    const latesMs: number[] = [];
    for (let at = 0; at < trial.count; at += world.workers.length) {
      const jobs = await Promise.all(world.workers.map(() => account.create({ mode: "test", prompt: "test:slow:60", more: { start_within_s: 10, finish_within_s: 12 } })));
      for (const { id } of jobs) {
        const job = await ended(account, id);
        const lateMs = Date.parse(job.finished_at ?? "") - Date.parse(job.created_at) - 12_000;
        if (job.state !== "expired") failures.push(`${id}: ${job.state}`);
        if (job.started_at !== null) latesMs.push(lateMs);
      }
    }
    if (latesMs.some((ms) => ms > 10_000)) failures.push(`work went on ${Math.round(Math.max(...latesMs))} ms past its deadline`);
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: { unstarted: trial.count, "at work": latesMs.length }, recoveriesMs: latesMs, failures };
  },
};

const c6: Case = {
  id: "C6",
  title: "one call cancels a thousand waiting jobs while workers drain the queue",
  pass: "each ends exactly once, the call takes at most 10 s, another account's jobs go on",
  count: 16,
  run: async (trial) => {
    const { world } = trial;
    const account = await trial.account({ endpoints: [{}] });
    const other = await trial.account({ endpoints: [{}] });
    const prompts = Array.from({ length: 16 }, (_, i) => `a dog ${i}`);
    // A matrix of 64 cells is one create.
    let jobs = 0;
    for (let i = 0; i < trial.count; i++) {
      const { status, body } = await account.call<{ id: string; jobs?: { id: string }[] }>("POST", "/v1/matrices", { references: [[{ image: account.image }]], prompts, strengths: [0.5, 1, 1.5, 2], steps: 2 }, { headers: { "idempotency-key": `matrix-${i}` } });
      if (status !== 202) throw new Error(`matrix: ${status} ${JSON.stringify(body)}`);
      const cells = await world.connection.db.execute(sql`select id from jobs where matrix_id = ${body.id}`);
      for (const { id } of cells) world.log.note({ kind: "created", account: account.id, key: `matrix-${i}-${String(id)}`, job: String(id), price: 1 });
      jobs += cells.length;
    }
    const bystander = await other.create();
    const asked = performance.now();
    const { status, body } = await account.call<{ count: number }>("POST", "/v1/jobs/cancel", { ids: "all" });
    const tookMs = performance.now() - asked;
    const more = await account.call<{ count: number }>("POST", "/v1/jobs/cancel", { ids: "all" });
    await allEnded(trial);
    const state = (await other.job(bystander.id)).state;
    await allDelivered(trial, 240_000);
    return {
      counts: { jobs, canceled: body.count + more.body.count },
      figures: { "the call took": `${Math.round(tookMs)} ms` },
      failures: [...(status === 200 ? [] : [`answered ${status}`]), ...(tookMs > 10_000 ? [`the call took ${Math.round(tookMs)} ms`] : []), ...(state === "succeeded" ? [] : [`the other account's job ended ${state}`])],
    };
  },
};

/** Section C: cancels and deadlines. */
export const CANCELS: readonly Case[] = [c1, c2, c3, c4, c5, c6];
