import { serve, type ServerType } from "@hono/node-server";
import { createAdmission, createApp, rememberedPlaces, ringAlone, s3ObjectStore, sqsJobQueue, watchTogether } from "@deadiff/edge-api";
import { startLocalCloud, type LocalCloud } from "@deadiff/infra";
import { acknowledgeCancel, claimJob, connect, createAccount, createKey, failJob, JobError, renewJob, SCOPES, succeedJob, type Connection } from "@deadiff/schemas";
import { scratchDatabase, startScratchPostgres, type ScratchPostgres } from "@deadiff/schemas/local";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createClient, type DeadiffClient, type Job } from "../src/index.ts";
import type { Fetch } from "../src/transport.ts";

let postgres: ScratchPostgres;
let cloud: LocalCloud;
let connection: Connection;
let server: ServerType;
let baseUrl: string;
let apiKey: string;
// What happens on the line between client and API.
let line: (url: string, init: RequestInit | undefined, next: Fetch) => Promise<Response>;
let sent: string[] = [];

beforeAll(async () => {
  [postgres, cloud] = await Promise.all([startScratchPostgres(), startLocalCloud()]);
  connection = connect(await scratchDatabase(postgres.url), { max: 10 });
  const { db } = connection;
  const shared = () => ({ db, close: () => Promise.resolve() });
  const access = { region: cloud.region, ...cloud.credentials };
  const services = {
    connect: shared,
    store: s3ObjectStore({ ...access, endpoint: cloud.endpoint, bucket: cloud.bucket }),
    ring: ringAlone({ queue: sqsJobQueue({ ...access, queueUrl: cloud.queueUrl }), connect: shared, log: () => undefined }),
    admission: createAdmission({ active: 100, queued: 100, held: 100 }),
    queuePlaces: rememberedPlaces(),
    watchChanges: watchTogether(db, 50),
    log: () => undefined,
    after: (work: Promise<unknown>) => void work,
    auth: null,
    localAccount: null,
  };
  const app = createApp({ services: () => services, ip: () => undefined });
  baseUrl = await new Promise((resolve) => {
    server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => resolve(`http://127.0.0.1:${port}`));
  });
  const accountId = await createAccount(db, { name: "client", credits: 1000, runningLimit: 100 });
  apiKey = (await createKey(db, accountId, { name: "k", mode: "live", scopes: [...SCOPES], ip_allow: [] })).secret;
});
afterAll(async () => {
  if ("closeAllConnections" in server) server.closeAllConnections();
  server.close();
  await connection.close();
  await cloud.stop();
  await postgres.stop();
});
beforeEach(() => {
  sent = [];
  line = (url, init, next) => next(url, init);
});

const client = (change = {}): DeadiffClient =>
  createClient({
    apiKey,
    baseUrl: `${baseUrl}/`,
    random: () => 0,
    fetch: (url, init) => {
      sent.push(`${init?.method ?? "GET"} ${url.replace(baseUrl, "")}`);
      return line(url, init, (u, i) => fetch(u, i));
    },
    ...change,
  });
const INPUT = { input: { references: [{ url: "https://example.com/a.png" }], prompt: "a dog" } };
const work = async (job: Job) => {
  const claim = await claimJob(connection.db, job.id, "w");
  if (!claim.won) throw new Error("refused");
  const hold = { id: job.id, fence: claim.job.fence };
  return {
    hold,
    succeed: () =>
      succeedJob(connection.db, hold, {
        images: [{ key: `out/${job.id}/1/aa.png`, sha256: "aa", bytes: 1, width: 8, height: 8, content_type: "image/png" }],
        seed: 1,
        parameters: {},
        timings: {},
        model: "m@1",
      }),
  };
};
const later = (ms: number, act: () => Promise<unknown>) => void setTimeout(() => void act(), ms);
/** A line that carries no streams. */
const noStreams: typeof line = (url, init, next) => (url.endsWith("/events") ? Promise.resolve(new Response("proxy", { status: 502 })) : next(url, init));

test("run makes a job, follows it with progress, and returns its pictures", async () => {
  const updates: string[] = [];
  const running = client().run(INPUT, { onUpdate: (update) => updates.push(update.kind === "job" ? update.job.state : `step ${update.step}`) });
  const api = client();
  await expect.poll(async () => (await api.api.jobs.list.query({ state: "queued" })).data.length).toBe(1);
  const [job] = (await api.api.jobs.list.query({ state: "queued" })).data;
  const { hold, succeed } = await work(job!);
  later(300, () => renewJob(connection.db, hold, { phase: "generating", step: 3, steps: 9 }));
  later(700, succeed);
  const done = await running;
  expect(done).toMatchObject({ state: "succeeded", model: "m@1" });
  expect(done.outputs[0]?.url).toContain("X-Amz-Signature");
  expect(updates.at(-1)).toBe("succeeded");
  expect(updates).toContain("step 3");
});

test.each<[string, typeof line]>([
  ["streams", (url, init, next) => next(url, init)],
  ["held reads, where streams are refused", noStreams],
  ["plain reads, where nothing is held", (url, init, next) => noStreams(url.replace(/wait_s=\d+/, "wait_s=0"), init, next)],
  ["streams that break off at once", async (url, init, next) => {
    if (!url.endsWith("/events")) return next(url, init);
    await next(url, { ...init, signal: AbortSignal.timeout(50) }).catch(() => undefined);
    return new Response(new ReadableStream({ start: (c) => c.error(new Error("reset")) }), { headers: { "content-type": "text/event-stream" } });
  }],
])("wait ends by %s, and shows versions in order", async (_, by) => {
  line = by;
  const job = await client().create(INPUT);
  const versions: number[] = [];
  later(200, async () => {
    const { succeed } = await work(job);
    later(200, succeed);
  });
  expect(await client().wait(job.id, { onUpdate: (update) => update.kind === "job" && versions.push(update.job.version) })).toMatchObject({ state: "succeeded" });
  expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
});

test("a create whose answer was lost makes one job, and a new create another", async () => {
  let lost = 0;
  line = async (url, init, next) => {
    const response = await next(url, init);
    if (init?.method === "POST" && lost++ < 2) throw new TypeError("connection reset");
    return response;
  };
  const before = (await client().api.jobs.list.query({ limit: 100 })).data.length;
  lost = 0;
  const job = await client().create(INPUT);
  const other = await client().create(INPUT);
  expect(other.id).not.toBe(job.id);
  line = (url, init, next) => next(url, init);
  expect((await client().api.jobs.list.query({ limit: 100 })).data.length).toBe(before + 2);
});

test("Retry-After is obeyed to the second, and what cannot be mended is not repeated", async () => {
  let refused = 0;
  const busy = (code: string, status: number) => new Response(JSON.stringify({ type: "x", title: "x", status, detail: "x", code, retryable: true, request_id: "req_x" }), { status, headers: { "retry-after": "1" } });
  for (const [code, status] of [["overloaded", 503], ["queue_full", 429], ["idempotency_in_flight", 409]] as const) {
    refused = 0;
    line = (url, init, next) => (refused++ < 1 ? Promise.resolve(busy(code, status)) : next(url, init));
    const started = performance.now();
    await client().create(INPUT);
    expect(performance.now() - started).toBeGreaterThanOrEqual(990);
  }
  sent = [];
  await expect(client().create({ input: {} })).rejects.toMatchObject({ name: "DeadiffApiError", code: "invalid_input", status: 422 });
  expect(sent).toHaveLength(1);
  sent = [];
  line = () => Promise.reject(new TypeError("down"));
  await expect(client({ retries: 2 }).create(INPUT)).rejects.toMatchObject({ name: "DeadiffConnectionError" });
  expect(sent).toHaveLength(3);
});

test("tRPC queries back off as the rest does, and hand on the last refusal; mutations are sent once", async () => {
  const busy = () => Promise.resolve(new Response("[]", { status: 503, headers: { "retry-after": "1" } }));
  let refused = 0;
  line = (url, init, next) => (refused++ < 1 ? busy() : next(url, init));
  const started = performance.now();
  expect((await client().api.limits.get.query({})).object).toBe("limits");
  expect(performance.now() - started).toBeGreaterThanOrEqual(990);
  sent = [];
  line = () => Promise.reject(new TypeError("down"));
  await expect(client({ retries: 2 }).api.limits.get.query({})).rejects.toMatchObject({ cause: { name: "DeadiffConnectionError", cause: { message: "down" } } });
  expect(sent).toHaveLength(3);
  sent = [];
  await expect(client({ retries: 2 }).api.jobs.cancelMany.mutate({ ids: "all" })).rejects.toThrow("could not be reached");
  expect(sent).toHaveLength(1);
});

test("waiting ends at its timeout and names the job; the job goes on", async () => {
  const job = await client().create(INPUT);
  await expect(client().wait(job.id, { timeoutMs: 300 })).rejects.toMatchObject({ name: "WaitTimeout", jobId: job.id });
  line = noStreams;
  await expect(client().wait(job.id, { timeoutMs: 300 })).rejects.toMatchObject({ name: "WaitTimeout", jobId: job.id });
  expect(await client().api.jobs.get.query({ id: job.id })).toMatchObject({ state: "queued" });
});

test("an abort stops the waiting, and the job only when asked to", async () => {
  const job = await client().create(INPUT);
  const abort = () => AbortSignal.timeout(200);
  await expect(client().wait(job.id, { signal: abort() })).rejects.toThrow();
  expect(await client().api.jobs.get.query({ id: job.id })).toMatchObject({ state: "queued" });
  await expect(client().wait(job.id, { signal: abort(), cancelOnAbort: true })).rejects.toThrow();
  expect(await client().api.jobs.get.query({ id: job.id })).toMatchObject({ state: "canceled" });
});

test("run says how a job ended that made no pictures", async () => {
  const job = await client().create(INPUT, { idempotencyKey: "fails" });
  const { hold } = await work(job);
  await failJob(connection.db, hold, new JobError("content_policy"));
  await expect(client().run(INPUT, { idempotencyKey: "fails" })).rejects.toMatchObject({ name: "JobNotSucceeded", job: { id: job.id, error: { code: "content_policy" } } });
});

test("cancel ends a running job once the worker agrees", async () => {
  const job = await client().create(INPUT);
  const { hold } = await work(job);
  expect(await client().cancel(job.id)).toMatchObject({ state: "running" });
  later(100, () => acknowledgeCancel(connection.db, hold));
  expect(await client().wait(job.id)).toMatchObject({ state: "canceled" });
});

const PIXEL = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="), (c) => c.charCodeAt(0));
test("pictures are uploaded from bytes, files and addresses; what is none is refused here", async () => {
  const first = await client().upload(PIXEL);
  expect(first).toMatchObject({ state: "ready", width: 1, content_type: "image/png" });
  expect(await client().upload(new Blob([PIXEL]))).toMatchObject({ state: "ready" });
  expect(await client().upload(new URL(first.url!))).toMatchObject({ state: "ready", sha256: first.sha256 });
  await expect(client().upload(new TextEncoder().encode("<svg/>"))).rejects.toThrow(/none of image\/jpeg/);
});
