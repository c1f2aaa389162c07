import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { allDelivered, allEnded, type Account, type Answer, type JobOrder } from "../trial.ts";
import type { Case } from "./case.ts";

const tally = (items: readonly string[]): Record<string, number> => Object.fromEntries([...Map.groupBy(items, (item) => item)].map(([item, all]) => [item, all.length]));

const e1: Case = {
  id: "E1",
  title: "a hundred identical creates with one key at once",
  pass: "one job, one reserve; every answer is the same job or 409",
  count: 4,
  short: 1,
  run: async (trial) => {
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    const statuses: string[] = [];
    for (let i = 0; i < trial.count; i++) {
      const key = randomUUID();
      const answers = await Promise.all(Array.from({ length: 100 }, () => account.tryCreate({}, key)));
      statuses.push(...answers.map(({ status }) => `answered ${status}`));
      const made = answers.filter(({ status }) => status === 202 || status === 201);
      // A job's place in the queue moves on between two answers; the job is the same.
      if (new Set(made.map(({ body }) => JSON.stringify({ ...body, outputs: [], queue: null }))).size !== 1) failures.push("the answers differ");
      const odd = answers.filter(({ status }) => ![201, 202, 409].includes(status));
      if (odd.length > 0) failures.push(`${odd.length} answered ${String(odd[0]?.status)}`);
    }
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: { keys: trial.count, ...tally(statuses) }, failures };
  },
};

const e2: Case = {
  id: "E2",
  title: "a key used again: other body, other account, after its time, just before it",
  pass: "422; independent; a new job; the old job",
  count: 5,
  run: async (trial) => {
    const { db } = trial.world.connection;
    const [one, other] = [await trial.account(), await trial.account()];
    const failures: string[] = [];
    const expect = (what: string, held: boolean): void => {
      if (!held) failures.push(what);
    };
    for (let i = 0; i < trial.count; i++) {
      const key = randomUUID();
      const first = await one.create({}, key);
      const differs: Answer = await one.tryCreate({ prompt: "a cat" }, key);
      expect("another body answers 422 idempotency_mismatch", differs.status === 422 && JSON.stringify(differs.body).includes("idempotency_mismatch"));
      expect("another account's key is its own", (await other.create({}, key)).id !== first.id);
      const shift = (by: string) => db.execute(sql`update idempotency set expires_at = now() + ${by}::interval where account_id = ${one.id} and key = ${key}`);
      await shift("5 seconds");
      expect("just before its time the key finds the old job", (await one.create({}, key)).id === first.id);
      await shift("-1 seconds");
      // A new logical call, under the oracle's eyes too.
      const again = await one.call<{ id: string }>("POST", "/v1/jobs", { input: { references: [{ image: one.image }], prompt: "a dog", steps: 2, count: 1 } }, { headers: { "idempotency-key": key } });
      expect("after its time the key makes a new job", again.status === 202 && again.body.id !== first.id);
      trial.world.log.note({ kind: "created", account: one.id, key: `${key} again`, job: again.body.id, price: 1 });
    }
    await allEnded(trial);
    return { counts: { keys: trial.count }, failures };
  },
};

const e3: Case = {
  id: "E3",
  title: "clients give up after 1 ms to 1 s and try again with the same key, over a slow database",
  pass: "as many jobs as keys",
  count: 60,
  short: 10,
  run: async (trial) => {
    const { world, random } = trial;
    const account = await trial.account({ endpoints: [{}] });
    world.edge.links.pg.set({ kind: "latency", ms: 30 });
    let gaveUp = 0;
    const impatient = async (): Promise<void> => {
      const key = randomUUID();
      for (let tries = 0; ; tries++) {
        const answered = await account.tryCreate({}, key, random.between(1, 50 + tries * 250)).catch(() => undefined);
        if (answered !== undefined && answered.status < 300) return;
        gaveUp++;
        await sleep(random.between(1, 100));
      }
    };
    for (let at = 0; at < trial.count; at += 10) await Promise.all(Array.from({ length: Math.min(10, trial.count - at) }, impatient));
    world.edge.links.pg.set({ kind: "none" });
    await allEnded(trial);
    await allDelivered(trial);
    const [row] = await world.connection.db.execute(sql`select count(*)::int as n from jobs where account_id = ${account.id}`);
    return { counts: { keys: trial.count, "attempts given up": gaveUp, jobs: Number(row?.["n"]) }, failures: row?.["n"] === trial.count ? [] : [`${String(row?.["n"])} jobs for ${trial.count} keys`] };
  },
};

const e5: Case = {
  id: "E5",
  title: "fifty creates at once on a balance that pays for one",
  pass: "one accepted, 49 answered 402; the balance never falls below zero",
  count: 4,
  short: 1,
  run: async (trial) => {
    const failures: string[] = [];
    const statuses: string[] = [];
    for (let i = 0; i < trial.count; i++) {
      const account = await trial.account({ credits: 1, endpoints: [{}] });
      const answers = await Promise.all(Array.from({ length: 50 }, () => account.tryCreate({}, randomUUID())));
      const accepted = answers.filter(({ status }) => status === 202).length;
      statuses.push(...answers.map(({ status }) => `answered ${status}`));
      if (accepted !== 1 || answers.some(({ status }) => status !== 202 && status !== 402)) failures.push(JSON.stringify(tally(answers.map(({ status }) => String(status)))));
    }
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: tally(statuses), failures };
  },
};

const e6: Case = {
  id: "E6",
  title: "a refused create, corrected and sent again with the same key",
  pass: "a refusal keeps nothing under the key",
  count: 5,
  run: async (trial) => {
    const account = await trial.account({ endpoints: [{}] });
    const failures: string[] = [];
    const bad: JobOrder[] = [{ steps: 0 }, { count: 99 }, { prompt: "x".repeat(5000) }, { more: { start_within_s: 60, finish_within_s: 10 } }, { more: { nonsense: 1 } }];
    let refused = 0;
    for (let i = 0; i < trial.count; i++) {
      for (const order of bad) {
        const key = randomUUID();
        const answered: Answer = await account.tryCreate(order, key);
        if (answered.status !== 422) failures.push(`${JSON.stringify(order).slice(0, 80)} answered ${answered.status}`);
        refused++;
        await account.create({}, key);
      }
    }
    await allEnded(trial);
    await allDelivered(trial);
    return { counts: { refused, corrected: refused }, failures };
  },
};

/** Random lives of jobs, driven through the API; the ledger must add up at every moment, not only at the end. */
const e7: Case = {
  id: "E7",
  title: "the ledger is audited again and again while random jobs are made, canceled, failed and finished",
  pass: "at no moment do balance and ledger differ",
  count: 80,
  run: async (trial) => {
    const { random, world } = trial;
    const accounts = await Promise.all([1, 2, 3].map(() => trial.account({ credits: 200, endpoints: [{}] })));
    const failures: string[] = [];
    let audits = 0;
    const over = new AbortController();
    const auditing = (async () => {
      while (!over.signal.aborted) {
        const wrong = await world.connection.db.execute(sql`
          select a.id from accounts a left join ledger l on l.account_id = a.id group by a.id having a.balance <> coalesce(sum(l.amount), 0)`);
        if (wrong.length > 0) failures.push(`the balance of ${String(wrong[0]?.["id"])} is not its ledger's sum`);
        audits++;
        await sleep(100);
      }
    })();
    const life = async (account: Account): Promise<void> => {
      const answered = await account.tryCreate({ count: random.between(1, 4), steps: random.between(1, 5), ...(random.next() < 0.2 ? { mode: "test" as const, prompt: "test:fail:content_policy" } : {}) }, randomUUID());
      if (answered.status === 202 && random.next() < 0.4) {
        await sleep(random.between(0, 1500));
        await account.cancel(answered.body.id);
      }
    };
    for (let at = 0; at < trial.count; at += 4) {
      await Promise.all(Array.from({ length: 4 }, () => life(random.pick(accounts))));
      trial.progress(at + 4, trial.count);
    }
    await allEnded(trial);
    over.abort();
    await auditing;
    await allDelivered(trial);
    return { counts: { lives: trial.count, audits }, failures };
  },
};

/** Section E: idempotency and money. */
export const MONEY: readonly Case[] = [e1, e2, e3, e5, e6, e7];
