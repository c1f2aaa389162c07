import { ReceiveMessageCommand, SQSClient, type Message } from "@aws-sdk/client-sqs";
import { acknowledgeCancel, cancelJob, claimJob, connect, createAccount, createKey, renewJob, SCOPES, succeedJob, type Job, type Matrix, type MatrixSummary, type Problem } from "@deadiff/schemas";
import { checkInvariants } from "@deadiff/schemas/invariants";
import { sql } from "drizzle-orm";
import { afterAll, expect, inject, test } from "vitest";
import { createApp } from "../src/app.ts";
import { ringAlone } from "../src/ports/bells.ts";
import { sqsJobQueue } from "../src/ports/job-queue.ts";
import { finish, INPUT, newJob, tenant, useWorld } from "./world.ts";

const world = useWorld();
afterAll(async () => expect(await checkInvariants(world.db)).toEqual([]));

const claim = async (job: Job) => {
  const claimed = await claimJob(world.db, job.id, "worker");
  if (!claimed.won) throw new Error("claim refused");
  return { id: job.id, fence: claimed.job.fence };
};
const resultOf = (hold: { id: string; fence: number }) => ({
  images: [{ key: `out/${hold.id}/${hold.fence}/aa.png`, sha256: "aa", bytes: 3, width: 8, height: 8, content_type: "image/png" }],
  seed: 7,
  parameters: { steps: 20 },
  timings: { total_ms: 5 },
  model: "mini@1",
});

test("a job is created, queued, told to the queue, and read back with its links", async () => {
  const { key } = await tenant(world.db);
  const response = await world.call("POST", "/v1/jobs", { key, body: { input: INPUT, metadata: { order: "7" } } });
  const job = (await response.json()) as Job;
  expect(response.status).toBe(202);
  expect(response.headers.get("location")).toBe(`/v1/jobs/${job.id}`);
  expect(response.headers.get("ratelimit-policy")).toBe('"create";q=600;w=60');
  expect(response.headers.get("ratelimit")).toBe('"create";r=599;t=1');
  expect(response.headers.get("x-request-id")).toBe(job.request_id);
  expect(job).toMatchObject({ state: "queued", version: 1, is_terminal: false, charge: { credits: 1, state: "reserved" }, metadata: { order: "7" }, input: { prompt: "a dog", strength: 1 } });
  expect(await (await world.call("GET", `/v1/jobs/${job.id}`, { key })).json()).toEqual(job);
  await world.settled();
  const cloud = inject("cloud");
  const sqs = new SQSClient({ endpoint: cloud.endpoint, region: cloud.region, credentials: cloud });
  // Other test files share the queue: what is received stays hidden, so a few looks see everything.
  const receive = async () => (await sqs.send(new ReceiveMessageCommand({ QueueUrl: cloud.queueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"] }))).Messages ?? [];
  let mine: Message | undefined;
  for (let batch = await receive(); mine === undefined && batch.length > 0; batch = await receive()) mine = batch.find(({ Body }) => Body?.includes(job.id));
  expect(JSON.parse(mine?.Body ?? "{}")).toEqual({ v: 1, job_id: job.id });
  expect(mine?.MessageAttributes?.["traceparent"]?.StringValue).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

test("the same idempotency key finds the same job and the same body; another request under it is refused", async () => {
  const { key } = await tenant(world.db);
  const headers = { "idempotency-key": "order-7" };
  const send = (input: unknown) => world.call("POST", "/v1/jobs", { key, body: { input }, headers });
  const first = await (await send(INPUT)).text();
  const again = await send(INPUT);
  expect(await again.text()).toBe(first);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  const other = await send({ ...INPUT, prompt: "a cat" });
  expect(other.status).toBe(422);
  expect(((await other.json()) as Problem).code).toBe("idempotency_mismatch");
  const listed = (await (await world.call("GET", "/v1/jobs?idempotency_key=order-7", { key })).json()) as { data: Job[] };
  expect(listed.data.map(({ id }) => id)).toEqual([(JSON.parse(first) as Job).id]);
});

test("a create that fails validation leaves its key free", async () => {
  const { key } = await tenant(world.db);
  const headers = { "idempotency-key": "k" };
  expect((await world.call("POST", "/v1/jobs", { key, headers, body: { input: {} } })).status).toBe(422);
  expect((await world.call("POST", "/v1/jobs", { key, headers, body: { input: INPUT } })).status).toBe(202);
});

test("without credits nothing is queued", async () => {
  const { key } = await tenant(world.db, { credits: 0 });
  const response = await world.call("POST", "/v1/jobs", { key, body: { input: INPUT } });
  expect(response.status).toBe(402);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toMatchObject({ code: "insufficient_credit", retryable: false });
});

test("test keys cost nothing", async () => {
  const { key } = await tenant(world.db, { credits: 0, mode: "test" });
  expect(await newJob(world, key)).toMatchObject({ mode: "test", charge: { credits: 0 } });
});

test("a poll with the tag of what is known is answered 304, and held until the version changes", async () => {
  const { key, accountId } = await tenant(world.db);
  const job = await newJob(world, key);
  const first = await world.call("GET", `/v1/jobs/${job.id}`, { key });
  const etag = first.headers.get("etag")!;
  expect(etag).toMatch(/^"1\.q\d+"$/);
  expect(first.headers.get("retry-after")).toBe("2");
  expect((await world.call("GET", `/v1/jobs/${job.id}`, { key, headers: { "if-none-match": etag } })).status).toBe(304);
  const started = performance.now();
  const held = world.call("GET", `/v1/jobs/${job.id}`, { key, headers: { "if-none-match": etag, prefer: "wait=20" } });
  setTimeout(() => void cancelJob(world.db, accountId, job.id), 300);
  const news = (await (await held).json()) as Job;
  expect(news).toMatchObject({ state: "canceled", version: 2, is_terminal: true });
  expect(performance.now() - started).toBeLessThan(3000);
  const short = await world.call("GET", `/v1/jobs/${job.id}?wait_s=1`, { key, headers: { "if-none-match": '"2"' } });
  expect(short.status).toBe(304);
});

test("a create that waits answers 201 with the ended job", async () => {
  const { key } = await tenant(world.db);
  const waiting = world.call("POST", "/v1/jobs", { key, body: { input: INPUT }, headers: { prefer: "respond-async, wait=20" } });
  await expect.poll(async () => ((await (await world.call("GET", "/v1/jobs", { key })).json()) as { data: Job[] }).data.length).toBe(1);
  const { data } = (await (await world.call("GET", "/v1/jobs", { key })).json()) as { data: Job[] };
  const hold = await claim(data[0]!);
  await renewJob(world.db, hold, { phase: "generating", step: 3, steps: 20 });
  await succeedJob(world.db, hold, resultOf(hold));
  const response = await waiting;
  const job = (await response.json()) as Job;
  expect(response.status).toBe(201);
  expect(job).toMatchObject({ state: "succeeded", seed: 7, model: "mini@1", charge: { state: "captured" }, outputs: [{ width: 8, sha256: "aa" }] });
  expect(job.outputs[0]!.url).toContain("X-Amz-Signature=");
});

const readEvents = async (response: Response, until: (event: { id: string | undefined; event: string; data: unknown }) => boolean) => {
  const events: { id: string | undefined; event: string; data: unknown }[] = [];
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return events;
    buffer += value;
    const frames = buffer.split("\n\n");
    buffer = frames.pop()!;
    for (const frame of frames) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(frame)?.[1];
      const event = field("event");
      if (event === undefined) continue;
      const found = { id: field("id"), event, data: JSON.parse(field("data") ?? "null") as unknown };
      events.push(found);
      if (until(found)) {
        await reader.cancel();
        return events;
      }
    }
  }
};

test("a stream shows the job, its progress and its end; resumed, it repeats and skips nothing", async () => {
  const { key, accountId } = await tenant(world.db);
  const job = await newJob(world, key);
  const open = (last?: string) => world.call("GET", `/v1/jobs/${job.id}/events`, { key, headers: last === undefined ? {} : { "last-event-id": last } });
  const response = await open();
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const first = readEvents(response, (event) => event.event === "progress");
  await new Promise((resolve) => setTimeout(resolve, 200));
  const hold = await claim(job);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await renewJob(world.db, hold, { phase: "generating", step: 3, steps: 20 });
  expect((await first).map(({ event, id }) => [event, id])).toEqual([["job", "1"], ["job", "2"], ["progress", undefined]]);
  await cancelJob(world.db, accountId, job.id);
  await acknowledgeCancel(world.db, hold);
  const rest = await readEvents(await open("2"), () => false);
  expect(rest.map(({ event, id }) => [event, id])).toEqual([["job", "3"], ["job", "4"]]);
  expect(rest.at(-1)!.data).toMatchObject({ state: "canceled", is_terminal: true });
  expect(await readEvents(await open("4"), () => false)).toEqual([]);
  expect((await world.call("GET", "/v1/jobs/job_00000000000000000000000000/events", { key })).status).toBe(404);
});

test("cancel, retry, delete: each does what it says and refuses what it cannot", async () => {
  const { key } = await tenant(world.db);
  const job = await newJob(world, key);
  expect((await world.call("POST", `/v1/jobs/${job.id}/retry`, { key })).status).toBe(409);
  expect((await world.call("DELETE", `/v1/jobs/${job.id}`, { key })).status).toBe(409);
  for (let i = 0; i < 2; i++) {
    const canceled = await world.call("POST", `/v1/jobs/${job.id}/cancel`, { key });
    expect(await canceled.json()).toMatchObject({ state: "canceled", version: 2, charge: { state: "released" } });
  }
  const retried = (await (await world.call("POST", `/v1/jobs/${job.id}/retry`, { key, headers: { "idempotency-key": "r" } })).json()) as Job;
  expect(retried).toMatchObject({ state: "queued", retry_of: job.id, seed: job.seed });
  expect((await world.call("DELETE", `/v1/jobs/${job.id}`, { key })).status).toBe(200);
  expect((await world.call("GET", `/v1/jobs/${job.id}`, { key })).status).toBe(410);
  const many = await world.call("POST", "/v1/jobs/cancel", { key, body: { ids: "all" } });
  expect(await many.json()).toEqual({ object: "count", count: 1 });
});

test("a matrix is one create: every cell or none, one seed, one price for all", async () => {
  const { key } = await tenant(world.db, { credits: 11 });
  const body = { references: [INPUT.references, INPUT.references, INPUT.references], prompts: ["a dog", "a cat"], strengths: [0.5, 1] };
  const refused = await world.call("POST", "/v1/matrices", { key, body });
  expect(refused.status).toBe(402);
  const fits = { ...body, references: body.references.slice(1) };
  const headers = { "idempotency-key": "m" };
  const response = await world.call("POST", "/v1/matrices", { key, body: fits, headers });
  const matrix = (await response.json()) as { id: string; cells: Job[]; counts: Record<string, number> };
  expect(response.status).toBe(202);
  expect(matrix.cells).toHaveLength(8);
  expect(new Set(matrix.cells.map(({ seed }) => seed)).size).toBe(1);
  expect(matrix.cells.map(({ input }) => [input?.["prompt"], input?.["strength"]]).slice(0, 4)).toEqual([["a dog", 0.5], ["a dog", 1], ["a cat", 0.5], ["a cat", 1]]);
  const again = (await (await world.call("POST", "/v1/matrices", { key, body: fits, headers })).json()) as { id: string };
  expect(again.id).toBe(matrix.id);
  const canceled = await world.call("POST", `/v1/matrices/${matrix.id}/cancel`, { key });
  expect(await canceled.json()).toMatchObject({ is_terminal: true, counts: { canceled: 8, queued: 0 } });
  expect((await world.call("POST", "/v1/jobs", { key, body: { input: INPUT }, headers })).status).toBe(422);
});

test("when the queue is away creates succeed, and the bell stays for the relay; else it is gone once the queue took it", async () => {
  const { key } = await tenant(world.db);
  const bellsOf = async (job: string) => (await world.db.execute(sql`select id from outbox where job_id = ${job}`)).length;
  const rung = await newJob(world, key);
  await world.settled();
  expect(await bellsOf(rung.id)).toBe(0);

  const pending: Promise<unknown>[] = [];
  const { connect, log } = world.services;
  const ring = ringAlone({ queue: sqsJobQueue({ ...inject("cloud"), queueUrl: "http://127.0.0.1:9/000000000000/jobs" }), connect, log });
  const away = createApp({ services: () => ({ ...world.services, ring, after: (work) => pending.push(work) }), ip: () => undefined });
  const response = await away.request("/v1/jobs", { method: "POST", headers: { authorization: `Bearer ${key}`, "content-type": "application/json" }, body: JSON.stringify({ input: INPUT }) });
  expect(response.status).toBe(202);
  await Promise.all(pending);
  const { id } = (await response.json()) as Job;
  expect(await bellsOf(id)).toBe(1);
  expect(world.lines.find(({ event }) => event === "ring_failed")?.fields).toMatchObject({ jobs: [id] });
});

test("when the database is away every call is 503 with Retry-After, never a promise", async () => {
  const { key } = await tenant(world.db);
  const gone = connect("postgres://x:x@127.0.0.1:9/none", { connectTimeoutS: 1 });
  const app = createApp({ services: () => ({ ...world.services, connect: () => gone }), ip: () => undefined });
  const response = await app.request("/v1/jobs", { method: "POST", headers: { authorization: `Bearer ${key}`, "content-type": "application/json" }, body: JSON.stringify({ input: INPUT }) });
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("2");
});

test("an account whose queue is full is told that limit beside its rate, and when to come back", async () => {
  const accountId = await createAccount(world.db, { name: "small", credits: 100, queuedLimit: 2 });
  const { secret } = await createKey(world.db, accountId, { name: "k", mode: "live", scopes: [...SCOPES], ip_allow: [] });
  await newJob(world, secret);
  await newJob(world, secret);
  for (const [path, body] of [["/v1/jobs", { input: INPUT }], ["/trpc/jobs.create", { input: INPUT }]] as const) {
    const full = await world.call("POST", path, { key: secret, body });
    expect(full.status).toBe(429);
    expect(full.headers.get("ratelimit-policy")).toBe('"create";q=600;w=60, "queued";q=2');
    expect(full.headers.get("ratelimit")).toMatch(/^"create";r=\d+;t=\d+, "queued";r=0$/);
    expect(full.headers.get("retry-after")).toBe("5");
    expect(JSON.stringify(await full.json())).toContain('"queue_full"');
  }
});

test("a waiting job says where it stands among the jobs of all accounts, and nothing else of them; the entity tag moves with it", async () => {
  await world.db.execute(sql`delete from rate_limits`);
  const [mine, theirs] = [await tenant(world.db), await tenant(world.db)];
  const base = Number((await world.db.execute(sql`select count(*)::int as n from jobs where state = 'queued'`))[0]!["n"]);
  const first = await newJob(world, theirs.key);
  const second = await newJob(world, mine.key);
  const third = await newJob(world, theirs.key);
  expect([first, second, third].map(({ queue }) => queue)).toEqual([1, 2, 3].map((place) => ({ position: base + place, position_is_estimate: true })));
  const read = async (headers: Record<string, string> = {}) => world.call("GET", `/v1/jobs/${second.id}`, { key: mine.key, headers });
  const before = await read();
  const etag = before.headers.get("etag")!;
  expect(etag).toBe(`"1.q${base + 2}"`);
  expect((await read({ "if-none-match": etag })).status).toBe(304);
  await cancelJob(world.db, theirs.accountId, first.id);
  const after = await read({ "if-none-match": etag });
  expect(after.status).toBe(200);
  const text = await after.text();
  expect((JSON.parse(text) as Job).queue).toEqual({ position: base + 1, position_is_estimate: true });
  expect(text).not.toContain(theirs.accountId);
  const list = (await (await world.call("GET", "/v1/jobs", { key: mine.key })).json()) as { data: Job[] };
  expect(list.data.map(({ queue }) => queue?.position)).toEqual([base + 1]);
  const trpc = await world.call("GET", `/trpc/jobs.get?input=${encodeURIComponent(JSON.stringify({ id: second.id }))}`, { key: mine.key });
  expect(await trpc.json()).toMatchObject({ result: { data: { queue: { position: base + 1 } } } });
  // A wait for news is a wait for a version, not for a place.
  const started = performance.now();
  expect((await read({ "if-none-match": etag, prefer: "wait=1" })).status).toBe(200);
  expect(performance.now() - started).toBeGreaterThan(900);
  expect(((await (await world.call("POST", `/v1/jobs/${second.id}/cancel`, { key: mine.key })).json()) as Job).queue).toBeNull();
});

test("matrices are listed page by page, newest first, with how far they are and what their first cells look like", async () => {
  const { key } = await tenant(world.db, { credits: 1000 });
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) {
    const made = await world.call("POST", "/v1/matrices", { key, body: { references: [INPUT.references], prompts: [`p${i}`, "q"], strengths: [0.5, 1] } });
    ids.push(((await made.json()) as Matrix).id);
  }
  const newest = (await (await world.call("GET", `/v1/matrices/${ids[2]}`, { key })).json()) as Matrix;
  expect(newest.cells.every(({ queue }) => queue !== null)).toBe(true);
  await finish(world, newest.cells[1]!.id);
  const list = async (query: string) => (await (await world.call("GET", `/v1/matrices?${query}`, { key })).json()) as { data: MatrixSummary[]; next_cursor: string | null; has_more: boolean };
  const first = await list("limit=2");
  expect(first.data.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
  expect(first.data[0]).toMatchObject({ axes: { references: 1, prompts: 2, strengths: 2 }, is_terminal: false, counts: { queued: 3, succeeded: 1, running: 0 } });
  expect(first.data[0]!.preview_urls.map((url) => url !== null)).toEqual([false, true, false, false]);
  expect((await fetch(first.data[0]!.preview_urls[1]!)).status).toBe(200);
  const second = await list(`limit=2&cursor=${first.next_cursor}`);
  expect(second).toMatchObject({ data: [{ id: ids[0] }], has_more: false, next_cursor: null });
  expect((await list("limit=2")).data).toHaveLength(2);
  await world.call("POST", `/v1/matrices/${ids[2]}/cancel`, { key });
  expect((await list("limit=1")).data[0]).toMatchObject({ is_terminal: true, counts: { canceled: 3, succeeded: 1 } });
  for (const { id } of newest.cells) expect((await world.call("DELETE", `/v1/jobs/${id}`, { key })).status).toBe(200);
  expect((await list("limit=1")).data[0]!.id).toBe(ids[1]);
});

test.each([
  [{ x: 0, y: 0, width: 1, height: 1 }, 202],
  [{ x: 0.1, y: 0.7, width: 0.9, height: 0.3 }, 202],
  [{ x: 0.5, y: 0, width: 0.6, height: 1 }, 422],
  [{ x: 0, y: 0, width: 0, height: 1 }, 422],
  [{ x: -0.1, y: 0, width: 0.5, height: 1 }, 422],
  [{ x: 0, y: 0, width: 1 }, 422],
  [{ x: 0, y: 0, width: 1, height: 1, unit: "px" }, 422],
])("a crop of %j is answered with %i, and kept as it was asked for", async (crop, status) => {
  const { key } = await tenant(world.db);
  const answer = await world.call("POST", "/v1/jobs", { key, body: { input: { references: [{ url: "https://example.com/a.png", crop }] } } });
  expect(answer.status).toBe(status);
  const body = (await answer.json()) as Job | Problem;
  if ("object" in body) expect(body.input).toMatchObject({ references: [{ crop }] });
  else expect(body.issues?.[0]?.path).toMatch(/^input\.references\.0\.crop/);
});
