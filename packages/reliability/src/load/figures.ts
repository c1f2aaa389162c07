import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { claimJob, createKey, LIMITS, renewJob, SCOPES, succeedJob, connect, type Id } from "@deadiff/schemas";
import { sql } from "drizzle-orm";
import { percentile } from "../figures.ts";
import type { Account, Trial } from "../trial.ts";
import { ended, until } from "../trial.ts";
import type { accept } from "../world/receiver.ts";
import { memoryOf } from "../world/system.ts";
import { closedLoad, offeredLoad, type Call, type Measured } from "./clients.ts";

/** One line of the table. */
export interface Figure {
  readonly what: string;
  readonly floor: string;
  readonly measured: string;
}

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
const times = (p50: number, p99: number): string => `p50 ${ms(p50)}, p99 ${ms(p99)}`;
const told = ({ perSecond, p50Ms, p99Ms }: Measured): string => `${Math.round(perSecond)}/s, ${times(p50Ms, p99Ms)}`;
/** How often each status was answered. */
export const statusesOf = ({ statuses }: Pick<Measured, "statuses">): string => Object.entries(statuses).map(([status, n]) => `${n} x ${status === "0" ? "no answer" : status}`).join(", ");

/** Accounts with enough keys that no rate limit is what is measured. */
export interface Crowd {
  readonly accounts: readonly Account[];
  /** Every key with the account it is of. */
  readonly keys: readonly { readonly account: Account; readonly secret: string }[];
}

/** Makes 8 accounts of 8 keys each. */
export const gather = async (trial: Trial): Promise<Crowd> => {
  const accounts = await Promise.all(Array.from({ length: 8 }, () => trial.account({ runningLimit: 1_000_000 })));
  const keys = await Promise.all(
    accounts.flatMap((account) =>
      Array.from({ length: 8 }, async (_, i) => ({ account, secret: (await createKey(trial.world.connection.db, account.id, { name: `load ${i}`, mode: "live", scopes: [...SCOPES], ip_allow: [] })).secret })),
    ),
  );
  return { accounts, keys };
};

const turns = <Item>(items: readonly Item[]): (() => Item) => {
  let at = 0;
  return () => {
    const item = items[at++ % items.length];
    if (item === undefined) throw new Error("nothing to take turns with");
    return item;
  };
};

/** Creates by the crowd's keys in turn, each with an idempotency key of its own. */
export const creator = ({ keys }: Crowd): (() => Call) => {
  const next = turns(keys);
  return () => {
    const { account, secret } = next();
    return {
      method: "POST",
      path: "/v1/jobs",
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/json", "idempotency-key": randomUUID() },
      body: JSON.stringify({ input: { references: [{ image: account.image }], prompt: "a dog", steps: 2 } }),
    };
  };
};

/** The limiter would be what is measured: each figure starts with whole quotas. */
const forgiveRates = (trial: Trial) => trial.world.connection.db.execute(sql`truncate rate_limits`);

/** Creates, as fast as 16 clients can, and in a burst beyond what fits. */
export const creates = async (trial: Trial, crowd: Crowd, seconds: number, tps: number | undefined): Promise<Figure[]> => {
  const { apiUrl } = trial.world;
  await forgiveRates(trial);
  const sustained = await closedLoad(apiUrl, 16, seconds, creator(crowd));
  await forgiveRates(trial);
  const burst = await offeredLoad(apiUrl, 600, Math.min(10, seconds), creator(crowd));
  const refusedMs = [429, 503].flatMap((status) => [...(burst.latenciesMs.get(status) ?? [])]);
  return [
    {
      what: `Creates, 16 clients, ${seconds} s`,
      floor: "150/s, p50 <= 20 ms, p99 <= 100 ms; >= 20 % of pgbench",
      measured: `${told(sustained)}${tps === undefined ? "" : `; ${Math.round((100 * sustained.perSecond) / tps)} % of pgbench`}; ${statusesOf(sustained)}`,
    },
    {
      what: `Creates, 600/s offered, ${Math.min(10, seconds)} s`,
      floor: "no timeouts; excess 429/503 in <= 20 ms",
      measured: `${told(burst)} (from the moment a call was due); ${statusesOf(burst)}${refusedMs.length === 0 ? "" : `; refusals p99 ${ms(percentile(refusedMs, 0.99))}`}`,
    },
  ];
};

/** Reads of jobs of the key's own account with an entity tag, nine in ten of which find nothing new. */
const reader = async (trial: Trial, { keys }: Crowd): Promise<() => Call> => {
  const jobs = await Promise.all(
    keys.map(async ({ account, secret }) => {
      const { id } = await account.create();
      const answer = await fetch(`${trial.world.apiUrl}/v1/jobs/${id}`, { headers: { authorization: `Bearer ${secret}` } });
      await answer.arrayBuffer();
      return { path: `/v1/jobs/${id}`, secret, etag: answer.headers.get("etag") ?? "" };
    }),
  );
  const next = turns(jobs);
  let n = 0;
  return () => {
    const { path, secret, etag } = next();
    return { method: "GET", path, headers: { authorization: `Bearer ${secret}`, "if-none-match": n++ % 10 === 0 ? '"0"' : etag } };
  };
};

/** Reads, as fast as 32 clients can. */
export const reads = async (trial: Trial, crowd: Crowd, seconds: number): Promise<Figure[]> => {
  const next = await reader(trial, crowd);
  await forgiveRates(trial);
  const measured = await closedLoad(trial.world.apiUrl, 32, seconds, next);
  return [{ what: `jobs.get with ETag, 32 clients, ${seconds} s`, floor: "1,500/s, p99 <= 40 ms", measured: `${told(measured)}; ${statusesOf(measured)}` }];
};

/** Streams held open, and how soon they hear of a change. */
export const streams = async (trial: Trial, crowd: Crowd, count: number): Promise<Figure[]> => {
  const { world } = trial;
  const before = (await memoryOf(world.edge.process.pid())).nowMb;
  const jobs = await Promise.all(crowd.keys.slice(0, 20).map(async ({ account, secret }) => ({ id: (await account.create({ mode: "test" })).id, account, secret })));
  await forgiveRates(trial);
  const left = new AbortController();
  let open = 0;
  const heardAt: number[] = [];
  let changedAt = Number.POSITIVE_INFINITY;
  const next = turns(jobs);
  const listen = async (): Promise<void> => {
    const { id, secret } = next();
    const response = await fetch(`${world.apiUrl}/v1/jobs/${id}/events`, { headers: { authorization: `Bearer ${secret}` }, signal: left.signal });
    if (response.status !== 200 || response.body === null) return;
    open++;
    for await (const part of response.body) {
      if (Buffer.from(part).includes('"canceled"')) heardAt.push(performance.now() - changedAt);
    }
  };
  const listeners: Promise<void>[] = [];
  for (let i = 0; i < count; i++) {
    listeners.push(listen().catch(() => undefined));
    if (i % 50 === 49) await sleep(100);
  }
  await until("the streams are open", () => open >= count, 60_000).catch(() => undefined);
  const after = (await memoryOf(world.edge.process.pid())).nowMb;
  changedAt = performance.now();
  await Promise.all(jobs.map(({ account, id }) => account.cancel(id)));
  await until("all heard", () => heardAt.length >= open, 20_000).catch(() => undefined);
  left.abort();
  await Promise.all(listeners);
  return [{ what: `Event streams held open: ${count}`, floor: "2,000; RSS <= 300 MB, update latency p99 <= 1 s", measured: `${open} open, ${heardAt.length} heard of a cancel, from sending it ${times(percentile(heardAt, 0.5), percentile(heardAt, 0.99))}; API RSS ${Math.round(before)} to ${Math.round(after)} MB` }];
};

/** Creates beside reads and claims, and how many connections that takes. */
export const mixed = async (trial: Trial, crowd: Crowd, seconds: number): Promise<Figure[]> => {
  const { world } = trial;
  const next = await reader(trial, crowd);
  await forgiveRates(trial);
  const ids = (await world.connection.db.execute(sql`select id from jobs where state = 'queued' and mode = 'live' limit 20000`)).map(({ id }) => String(id) as Id<"job">);
  let connections = 0;
  const watching = setInterval(() => {
    void world.connection.db.execute(sql`select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name not in ('harness', 'load')`).then(
      ([row]) => (connections = Math.max(connections, Number(row?.["n"]))),
      () => undefined,
    );
  }, 250);
  const pool = connect(world.database.url(), { max: 8, name: "load" });
  const end = performance.now() + seconds * 1000;
  let worked = 0;
  const working = Promise.all(
    Array.from({ length: 4 }, async (_, lane) => {
      for (let at = lane; performance.now() < end && at < ids.length; at += 4) {
        const id = ids[at];
        if (id !== undefined && (await workThrough(pool.db, id))) worked++;
        await sleep(35);
      }
    }),
  );
  const [create, read] = await Promise.all([offeredLoad(world.apiUrl, 100, seconds, creator(crowd)), offeredLoad(world.apiUrl, 1000, seconds, next)]);
  await working;
  clearInterval(watching);
  await pool.close();
  return [
    {
      what: `Mixed, offered: 100 creates/s, 1,000 reads/s, up to 100 claims and completions/s, ${seconds} s`,
      floor: "create p99 <= 150 ms",
      measured: `creates ${told(create)}, ${statusesOf(create)}; reads ${told(read)}, ${statusesOf(read)}; ${Math.round(worked / seconds)} jobs/s worked through`,
    },
    { what: "Database connections of the platform during that", floor: "<= 20", measured: String(connections) },
  ];
};

const workThrough = async (db: Trial["world"]["connection"]["db"], id: Id<"job">, claims?: number[]): Promise<boolean> => {
  const started = performance.now();
  const claim = await claimJob(db, id, "load");
  claims?.push(performance.now() - started);
  if (!claim.won) return false;
  const hold = { id, fence: claim.job.fence };
  await renewJob(db, hold, { phase: "generating", step: 1, steps: 2 });
  return (await succeedJob(db, hold, { images: [], seed: 1, parameters: {}, timings: {}, model: "load" })) !== undefined;
};

const claimRate = async (trial: Trial, seconds: number): Promise<{ perSecond: number; p99: number; p50: number }> => {
  const { world } = trial;
  const ids = (await world.connection.db.execute(sql`select id from jobs where state = 'queued' and mode = 'live' order by created_at limit 20000`)).map(({ id }) => String(id) as Id<"job">);
  const pool = connect(world.database.url(), { max: 8, name: "load" });
  const claims: number[] = [];
  const started = performance.now();
  let at = 0;
  let done = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (performance.now() - started < seconds * 1000) {
        const id = ids[at++];
        if (id === undefined) return;
        if (await workThrough(pool.db, id, claims)) done++;
      }
    }),
  );
  const took = (performance.now() - started) / 1000;
  await pool.close();
  if (done === 0) throw new Error("no job was worked through: there is nothing to measure");
  return { perSecond: done / took, p50: percentile(claims, 0.5), p99: percentile(claims, 0.99) };
};

/** Claim, heartbeat and completion, on a short queue and on a long one. */
export const claims = async (trial: Trial, seconds: number, backlog: number): Promise<Figure[]> => {
  const { db } = trial.world.connection;
  const short = await claimRate(trial, seconds);
  // The same job over and over, but for its id: what a backlog is to the indexes.
  await db.execute(sql`
    insert into jobs (id, account_id, mode, state, phase, tries_left, start_by, finish_by, request, price, metadata, request_id, retention_s)
    select new_id('job'), account_id, mode, 'queued', 'waiting', 3, start_by, finish_by, request, 0, metadata, request_id, retention_s
    from (select * from jobs where mode = 'live' limit 1) as one, generate_series(1, ${backlog})`);
  await db.execute(sql`insert into job_events (job_id, version, account_id, type, terminal, body) select id, 1, account_id, 'job.queued', false, '{}' from jobs where version = 1 and not exists (select 1 from job_events e where e.job_id = jobs.id)`);
  await db.execute(sql`analyze jobs`);
  const long = await claimRate(trial, seconds);
  return [
    { what: `Claim + heartbeat + completion, 8 connections, ${seconds} s`, floor: "100 jobs/s, claim p99 <= 30 ms", measured: `${Math.round(short.perSecond)} jobs/s, claim ${times(short.p50, short.p99)}` },
    { what: `The same with a backlog of ${backlog.toLocaleString("en")}`, floor: "claim p99 < 2 x of an empty queue", measured: `${Math.round(long.perSecond)} jobs/s, claim ${times(long.p50, long.p99)} (${(long.p99 / short.p99).toFixed(1)} x)` },
  ];
};

/** How soon an idle worker has a new job: rung at once, and by the relay alone. */
export const starts = async (trial: Trial, count: number): Promise<Figure[]> => {
  const account = await trial.account();
  const measure = async (n: number): Promise<number[]> => {
    const waits: number[] = [];
    for (let i = 0; i < n; i++) {
      const { id } = await account.create({ steps: 1 });
      const { created_at, started_at } = await ended(account, id, 60_000);
      waits.push(Date.parse(started_at ?? "") - Date.parse(created_at));
    }
    return waits;
  };
  const rung = await measure(count);
  return [{ what: `Create to start on an idle worker, ${count} times`, floor: "p50 <= 150 ms, p99 <= 1 s", measured: times(percentile(rung, 0.5), percentile(rung, 0.99)) }];
};

/** How fast the relay empties a full outbox. */
export const relay = async (trial: Trial, bells: number): Promise<Figure[]> => {
  const { db } = trial.world.connection;
  await db.execute(sql`insert into outbox (job_id) select new_id('job') from generate_series(1, ${bells})`);
  const started = performance.now();
  await until("the outbox is empty", async () => Number((await db.execute(sql`select count(*)::int as n from outbox`))[0]?.["n"]) === 0, 180_000, 50);
  const seconds = (performance.now() - started) / 1000;
  return [{ what: `Relay, ${bells.toLocaleString("en")} bells in batches of ten`, floor: "500/s; 30,000 within 3 min", measured: `${Math.round(bells / seconds)}/s` }];
};

/** Webhooks to receivers that take 100 ms, of which some, in the second part, never answer. */
export const webhooks = async (trial: Trial, endpoints: number, each: number): Promise<Figure[]> => {
  const { world } = trial;
  const slow = (_: unknown, response: Parameters<typeof accept>[1]): number => {
    setTimeout(() => response.writeHead(200).end(), 100);
    return 200;
  };
  const deliverAll = async (blackHoled: number): Promise<{ perSecond: number; latenciesMs: number[] }> => {
    const accounts = await Promise.all(Array.from({ length: Math.ceil(endpoints / LIMITS.endpointsPerAccount) }, (_, a) => {
      const first = a * LIMITS.endpointsPerAccount;
      const count = Math.min(LIMITS.endpointsPerAccount, endpoints - first);
      return trial.account({ endpoints: Array.from({ length: count }, (__, i) => ({ behave: first + i < blackHoled ? () => 0 : slow, events: ["endpoint.failing"] })) });
    }));
    const all = accounts.flatMap((account) => account.endpoints);
    const healthy = all.slice(blackHoled);
    const pings = () => world.log.facts().filter((fact) => fact.kind === "webhook" && healthy.some(({ name }) => name === fact.endpoint));
    await until("the pings arrived", () => pings().length >= healthy.length, 60_000);
    const before = world.log.facts().length;
    const ids = JSON.stringify(all.map(({ id }) => id));
    const queued = Date.now();
    await world.connection.db.execute(sql`
      insert into webhook_messages (id, account_id, endpoint_id, type, data)
      select new_id('msg'), e.account_id, e.id, 'endpoint.ping', jsonb_build_object('endpoint_id', e.id)
      from webhook_endpoints e, generate_series(1, ${each}) where ${ids}::jsonb ? e.id`);
    const names = new Set(healthy.map(({ name }) => name));
    const arrived = () => world.log.facts().slice(before).filter((fact) => fact.kind === "webhook" && names.has(fact.endpoint));
    await until("the healthy heard all", () => arrived().length >= healthy.length * each, 180_000, 50);
    const latenciesMs = arrived().map(({ at }) => at - queued);
    await world.connection.db.execute(sql`update webhook_messages set state = 'dropped' where state = 'pending' and ${ids}::jsonb ? endpoint_id`);
    return { perSecond: (healthy.length * each) / (Math.max(...latenciesMs) / 1000), latenciesMs };
  };
  const all = await deliverAll(0);
  const some = await deliverAll(Math.ceil(endpoints * 0.3));
  return [
    { what: `Webhooks to ${endpoints} receivers of 100 ms, ${each} each, 4 at once for each`, floor: "200/s", measured: `${Math.round(all.perSecond)}/s` },
    { what: "The same with 30 % of the receivers never answering", floor: "healthy ones p99 <= 2 s at 200/s", measured: `${Math.round(some.perSecond)}/s to the healthy; the whole batch queued at once reached them within ${(Math.max(...some.latenciesMs) / 1000).toFixed(1)} s (${(Math.max(...all.latenciesMs) / 1000).toFixed(1)} s when all are healthy)` },
  ];
};

