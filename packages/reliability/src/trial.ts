import { createHash, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createAccount, createEndpoint, createKey, SCOPES, type Id, type Job, type Upload } from "@deadiff/schemas";
import { sql } from "drizzle-orm";
import type { Random } from "./random.ts";
import type { Behaviour } from "./world/receiver.ts";
import type { Member, World } from "./world/world.ts";

/** An answer of the API. */
export interface Answer<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  readonly ms: number;
}

interface CallOptions {
  readonly headers?: Record<string, string>;
  readonly mode?: "live" | "test";
  readonly timeoutMs?: number;
}

/** An account of a test, with what it can do. Every create that was answered 2xx goes into the oracle's log. */
export interface Account {
  readonly id: Id<"account">;
  readonly credits: number;
  readonly keys: { readonly live: string; readonly test: string };
  readonly image: string;
  readonly endpoints: readonly { readonly name: string; readonly id: Id<"endpoint">; readonly secret: string; readonly events: readonly string[] }[];
  /** One HTTP call. Throws when there was no answer. */
  readonly call: <Body = unknown>(method: string, path: string, body?: unknown, options?: CallOptions) => Promise<Answer<Body>>;
  /** One attempt at a create. */
  readonly tryCreate: (input: JobOrder, key: string, timeoutMs?: number) => Promise<Answer<Job>>;
  /** Creates as a good client does: again and again with the same key until it is acknowledged. */
  readonly create: (input?: JobOrder, key?: string) => Promise<Job>;
  readonly cancel: (id: string) => Promise<Answer<Job>>;
  readonly job: (id: string) => Promise<Job>;
}

/** What a job is asked to do. */
export interface JobOrder {
  readonly prompt?: string;
  readonly steps?: number;
  readonly count?: number;
  /** Test jobs are free and obey `test:` prompts. */
  readonly mode?: "live" | "test";
  readonly more?: Record<string, unknown>;
}

/** What a case works with. */
export interface Trial {
  readonly world: World;
  readonly random: Random;
  /** How many times the case is to do its thing. */
  readonly count: number;
  readonly account: (options?: { credits?: number; endpoints?: readonly { behave?: Behaviour; events?: readonly string[] }[]; runningLimit?: number }) => Promise<Account>;
  readonly accounts: readonly Account[];
  /** How many facts were known before this case. */
  readonly since: number;
  readonly progress: (done: number, of?: number) => void;
}

/** Waits until `what` is true. Throws with `name` when it is not within `timeoutMs`. */
export const until = async (name: string, what: () => Promise<boolean> | boolean, timeoutMs = 60_000, everyMs = 100): Promise<void> => {
  for (const deadline = Date.now() + timeoutMs; ; ) {
    if (await what()) return;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${name}`);
    await sleep(everyMs);
  }
};

/** The job once it ended, however it ended. */
export const ended = async (account: Account, id: string, timeoutMs = 120_000): Promise<Job> => {
  let job: Job | undefined;
  await until(`job ${id} ended`, async () => (job = await account.job(id)).is_terminal, timeoutMs, 50);
  if (job === undefined) throw new Error(`job ${id} was not read`);
  return job;
};

/** The process id of the worker that generates a job, once one does; undefined when the job ended first. */
export const generatorOf = async ({ world }: Trial, job: string): Promise<number | undefined> => {
  let pid: number | undefined;
  await until(
    `job ${job} is generated`,
    async () => {
      const [row] = await world.connection.db.execute(sql`select state, phase, lease_owner from jobs where id = ${job}`);
      // A worker's id is its host, its process and some chance.
      pid = row?.["phase"] === "generating" ? Number(String(row["lease_owner"]).split("-").at(-2)) : undefined;
      return pid !== undefined || (row?.["state"] !== "queued" && row?.["state"] !== "running");
    },
    90_000,
    10,
  );
  return pid;
};

/** Kills a process without mercy and waits until it is gone. It is started again by its keeper. */
export const crash = async ({ process, deaths }: Member): Promise<void> => {
  const before = deaths.length;
  process.kill("SIGKILL");
  await until("the process is gone", () => deaths.length > before, 10_000, 5);
};

/** Waits until a process that may just have died is up. */
export const up = async (name: string, process: Member["process"]): Promise<void> => {
  for (const deadline = Date.now() + 120_000; ; ) {
    const ready = await Promise.race([process.ready().then(() => true), sleep(500).then(() => false)]);
    if (ready && process.pid() !== undefined) return;
    if (Date.now() > deadline) throw new Error(`${name} did not come up`);
  }
};

/** Waits until every job of these accounts has ended. */
export const allEnded = async (trial: Trial, timeoutMs = 240_000): Promise<void> => {
  const ids = JSON.stringify(trial.accounts.map(({ id }) => id));
  let open = -1;
  await until(
    "all jobs ended",
    async () => {
      const [row] = await trial.world.connection.db
        .execute(sql`select count(*)::int as n from jobs where state in ('queued', 'running') and account_id in (select jsonb_array_elements_text(${ids}::jsonb))`)
        .catch(() => [{ n: -1 }]);
      const now = Number(row?.["n"]);
      if (now !== open) trial.progress(-now);
      open = now;
      return now === 0;
    },
    timeoutMs,
    250,
  );
};

/** Waits until no webhook of these accounts is due within `withinS`. */
export const allDelivered = async (trial: Trial, timeoutMs = 120_000, withinS = 60): Promise<void> => {
  const ids = JSON.stringify(trial.accounts.map(({ id }) => id));
  await until(
    "all webhooks delivered",
    async () => {
      const [row] = await trial.world.connection.db.execute(sql`
        select count(*)::int as n from webhook_messages
        where state = 'pending' and next_at < now() + ${withinS} * interval '1 second' and account_id in (select jsonb_array_elements_text(${ids}::jsonb))`);
      return Number(row?.["n"]) === 0;
    },
    timeoutMs,
    250,
  );
};

/** Makes accounts on `world` whose acknowledged creates are written down. */
export const accountMaker = (world: World, made: Account[]): Trial["account"] => {
  const { log } = world;
  return async ({ credits = 1_000_000, endpoints: wanted = [], runningLimit = 1000 } = {}) => {
    const { db } = world.connection;
    const id = await createAccount(db, { name: "trial", credits, runningLimit, queuedLimit: 1_000_000 });
    const key = async (mode: "live" | "test") => (await createKey(db, id, { name: mode, mode, scopes: [...SCOPES], ip_allow: [] })).secret;
    const keys = { live: await key("live"), test: await key("test") };
    // The caller names the body's type and vouches for it.
    const send = async (method: string, path: string, body?: unknown, { headers = {}, mode = "live", timeoutMs = 30_000 }: CallOptions = {}): Promise<Answer<never>> => {
      const started = performance.now();
      const response = await fetch(`${world.apiUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${keys[mode]}`, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      const parsed: unknown = text === "" ? undefined : JSON.parse(text);
      return { status: response.status, headers: response.headers, body: parsed as never, ms: performance.now() - started };
    };
    const call: Account["call"] = send;
    const upload = async (): Promise<string> => {
      const bytes = Buffer.from(world.picture);
      const ticket = await call<Upload & { put: { url: string; headers: Record<string, string> } }>("POST", "/v1/uploads", {
        content_type: "image/png",
        bytes: bytes.length,
        sha256: createHash("sha256").update(bytes).digest("hex"),
      });
      if (ticket.status !== 201 && ticket.status !== 200) throw new Error(`upload: ${ticket.status} ${JSON.stringify(ticket.body)}`);
      await fetch(ticket.body.put.url, { method: "PUT", body: bytes, headers: ticket.body.put.headers });
      const done = await call<Upload>("POST", `/v1/uploads/${ticket.body.id}/complete`, {});
      if (done.body.state !== "ready") throw new Error(`upload: ${JSON.stringify(done.body)}`);
      return ticket.body.id;
    };
    const image = await upload();
    const tryCreate: Account["tryCreate"] = async ({ prompt = "a dog", steps = 2, count = 1, mode = "live", more = {} }, idempotencyKey, timeoutMs) => {
      const answered = await call<Job>("POST", "/v1/jobs", { input: { references: [{ image }], prompt, steps, count }, ...more }, { headers: { "idempotency-key": idempotencyKey }, mode, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
      if (answered.status >= 200 && answered.status < 300) log.note({ kind: "created", account: id, key: idempotencyKey, job: answered.body.id, price: mode === "test" ? 0 : count * Math.ceil(steps / 50) });
      return answered;
    };
    const endpoints = await Promise.all(
      wanted.map(async ({ behave, events = ["job.succeeded", "job.failed", "job.canceled", "job.expired"] }, i) => {
        const name = `${id}-${i + 1}`;
        if (behave !== undefined) world.receiver.behave(name, behave);
        const { id: endpoint, secret } = await createEndpoint(db, id, { url: `https://127.0.0.1:${world.receiverLink.port}/${name}`, description: "", events: [...events] as Parameters<typeof createEndpoint>[2]["events"] });
        return { name, id: endpoint, secret, events };
      }),
    );
    const account: Account = {
      id,
      credits,
      keys,
      image,
      endpoints,
      call,
      tryCreate,
      create: async (input = {}, idempotencyKey = randomUUID()) => {
        for (let tries = 0; ; tries++) {
          const answered = await tryCreate(input, idempotencyKey, 5000).catch(() => undefined);
          if (answered !== undefined && answered.status < 300) return answered.body;
          if (answered !== undefined && answered.status !== 429 && answered.status !== 409 && answered.status < 500) throw new Error(`create: ${answered.status} ${JSON.stringify(answered.body)}`);
          if (answered !== undefined && answered.status === 500) log.note({ kind: "failure", what: `a create answered 500: ${JSON.stringify(answered.body)}` });
          if (tries > 300) throw new Error("a create was never acknowledged");
          await sleep(Math.min(1000, 50 * (tries + 1)));
        }
      },
      cancel: async (job) => {
        const answered = await call<Job>("POST", `/v1/jobs/${job}/cancel`, {});
        if (answered.status === 200) log.note({ kind: "cancel", account: id, job, state: answered.body.state, version: answered.body.version });
        return answered;
      },
      job: async (job) => {
        const answered = await call<Job>("GET", `/v1/jobs/${job}`);
        if (answered.status !== 200) throw new Error(`job ${job}: ${answered.status}`);
        log.note({ kind: "seen", reader: "poll", job, version: answered.body.version, state: answered.body.state });
        return answered.body;
      },
    };
    made.push(account);
    return account;
  };
};
