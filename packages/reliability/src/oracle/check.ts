import { createHash } from "node:crypto";
import { isTerminal, type Job } from "@deadiff/schemas";
import { checkInvariants } from "@deadiff/schemas/invariants";
import { sql } from "drizzle-orm";
import { Webhook } from "standardwebhooks";
import type { Account, Trial } from "../trial.ts";
import type { Seen } from "./facts.ts";

/** A promise that was not kept. */
export interface Broken {
  readonly rule: string;
  readonly what: string;
}

type Of<Kind extends Seen["kind"]> = Extract<Seen, { kind: Kind }>;
const only = <Kind extends Seen["kind"]>(facts: readonly Seen[], kind: Kind): Of<Kind>[] => facts.filter((fact): fact is Of<Kind> => fact.kind === kind);

const grouped = <Item>(items: readonly Item[], by: (item: Item) => string): Map<string, Item[]> => Map.groupBy(items, by);

/** Reads every page of an account's jobs through the API. */
const jobsOf = async (account: Account): Promise<Map<string, Job>> => {
  const jobs = new Map<string, Job>();
  let cursor: string | undefined;
  do {
    const { status, body } = await account.call<{ data: Job[]; next_cursor: string | null }>("GET", `/v1/jobs?limit=100${cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
    if (status !== 200) throw new Error(`jobs.list answered ${status}`);
    for (const job of body.data) jobs.set(job.id, job);
    cursor = body.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return jobs;
};

const checkWebhooks = (account: Account, jobs: ReadonlyMap<string, Job>, facts: readonly Of<"webhook">[], broken: Broken[]): void => {
  for (const { name, secret, events } of account.endpoints) {
    const heard = facts.filter(({ endpoint }) => endpoint === name);
    for (const [id, copies] of grouped(heard, (one) => one.id)) {
      if (new Set(copies.map(({ body }) => body)).size !== 1) broken.push({ rule: "I11: same id, same bytes", what: id });
    }
    const versions = new Map<string, number>();
    const endings = new Set<string>();
    for (const { id, body, timestamp, signature, answered, at } of heard) {
      // Signed anew by the standard's own package; the receiver's clock at arrival is its own.
      if (!signature.split(" ").includes(new Webhook(secret).sign(id, new Date(Number(timestamp) * 1000), body))) broken.push({ rule: "every webhook is signed", what: id });
      if (Math.abs(at - Number(timestamp) * 1000) > 30_000) broken.push({ rule: "every attempt has a fresh timestamp", what: id });
      const { type, data } = JSON.parse(body) as { type: string; data: Job };
      if (!type.startsWith("job.")) continue;
      if (data.version < (versions.get(data.id) ?? 0)) broken.push({ rule: "I12: no older news after newer was taken", what: `${data.id} at ${name}` });
      if (answered >= 200 && answered < 300) {
        versions.set(data.id, data.version);
        const job = jobs.get(data.id);
        if (job === undefined) broken.push({ rule: "I13: a webhook tells of the account's own job", what: data.id });
        else if (data.is_terminal) {
          endings.add(data.id);
          if (data.state !== job.state || data.version !== job.version) broken.push({ rule: "I2: the ending told is the ending", what: `${data.id}: told ${data.state}, is ${job.state}` });
        }
      }
    }
    for (const job of jobs.values()) {
      if (isTerminal(job.state) && events.includes(`job.${job.state}`) && !endings.has(job.id)) broken.push({ rule: "I10: every ending is told", what: `${job.id} to ${name}` });
    }
  }
};

/**
 * Holds the product to what it promised, from outside: each acknowledged create is exactly one job that ended, each cancel held,
 * each picture is there, each ending was told, money adds up. Then the database's own invariants. `telling` is false when the
 * case's receivers refuse on purpose.
 */
export const check = async (trial: Trial, telling = true): Promise<Broken[]> => {
  const broken: Broken[] = [];
  const facts = trial.world.log.facts();
  for (const account of trial.accounts) {
    const jobs = await jobsOf(account);
    const created = only(facts, "created").filter(({ account: id }) => id === account.id);
    for (const [key, acks] of grouped(created, ({ key }) => key)) {
      if (new Set(acks.map(({ job }) => job)).size > 1) broken.push({ rule: "I6: one key, one job", what: key });
    }
    for (const { job } of created) {
      const found = jobs.get(job);
      if (found === undefined) broken.push({ rule: "I1: an acknowledged create is a job", what: job });
      else if (!found.is_terminal) broken.push({ rule: "I1: every job ends", what: `${job} is ${found.state}` });
    }
    for (const { id, error } of jobs.values()) if (error?.code === "internal") broken.push({ rule: "no job fails for a reason that is ours", what: id });
    const acknowledged = new Set(created.map(({ job }) => job));
    for (const id of jobs.keys()) if (!acknowledged.has(id)) broken.push({ rule: "I6: no job that nobody asked for", what: id });

    for (const { job, state } of only(facts, "cancel").filter(({ account: id }) => id === account.id)) {
      const final = jobs.get(job)?.state;
      const held = isTerminal(state as Job["state"]) ? final === state : final === "canceled";
      if (!held) broken.push({ rule: "I9: a cancel that was taken holds", what: `${job}: answered ${state}, ended ${String(final)}` });
    }
    const price = new Map(created.map(({ job, price }) => [job, price]));
    const spent = [...jobs.values()].reduce((sum, { id, state }) => sum + (state === "succeeded" ? (price.get(id) ?? 0) : 0), 0);
    const [row] = await trial.world.connection.db.execute(sql`select balance::int as balance from accounts where id = ${account.id}`);
    if (Number(row?.["balance"]) !== account.credits - spent) broken.push({ rule: "I3: paid is what succeeded", what: `${account.id}: ${String(row?.["balance"])} of ${account.credits}, ${spent} spent` });

    for (const job of jobs.values()) {
      if ((job.state === "succeeded") !== job.outputs.length > 0) broken.push({ rule: "I7: exactly the succeeded have pictures", what: job.id });
      for (const { url, sha256 } of job.outputs) {
        const got = url === null ? undefined : await fetch(url);
        const hash = got?.ok === true ? createHash("sha256").update(Buffer.from(await got.arrayBuffer())).digest("hex") : `status ${String(got?.status)}`;
        if (hash !== sha256) broken.push({ rule: "I7: the picture is there, with its hash", what: `${job.id}: ${hash}` });
      }
    }
    if (telling) checkWebhooks(account, jobs, only(facts, "webhook"), broken);
  }
  for (const { what } of only(facts.slice(trial.since), "failure")) broken.push({ rule: "no internal error, whatever the fault", what });
  for (const [id, seen] of grouped(only(facts, "seen"), ({ reader, job }) => `${reader} ${job}`)) {
    if (seen.some(({ version }, i) => version < (seen[i - 1]?.version ?? 0))) broken.push({ rule: "I8: versions never fall", what: id });
  }
  for (const { id, rule, offenders } of await checkInvariants(trial.world.connection.db)) broken.push({ rule: `${id}: ${rule}`, what: offenders.join(", ") });
  return broken;
};
