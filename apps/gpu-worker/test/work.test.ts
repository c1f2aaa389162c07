import { createHash } from "node:crypto";
import { cancelJob, claimJob, expireJobs, findStyleCode, isTerminal, newId, readJob, sweepLapsedLeases, type Id, type JobRow, type StoredRequest, type StyleReference } from "@deadiff/schemas";
import { checkInvariants } from "@deadiff/schemas/invariants";
import { sql } from "drizzle-orm";
import { PgDialect } from "drizzle-orm/pg-core";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newJob, useWorld } from "./world.ts";

const world = useWorld();
let red: { bytes: Uint8Array; sha256: string };
beforeAll(async () => {
  const bytes = await sharp({ create: { width: 32, height: 32, channels: 3, background: { r: 200, g: 10, b: 20 } } }).png().toBuffer();
  red = { bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
});
afterAll(async () => expect(await checkInvariants(world.db)).toEqual([]));

const ended = async (id: Id<"job">, timeout = 60_000): Promise<JobRow> => {
  await expect.poll(async () => isTerminal((await readJob(world.db, id))!.state), { timeout, interval: 50 }).toBe(true);
  return (await readJob(world.db, id))!;
};
const working = async (id: Id<"job">) => expect.poll(async () => (await readJob(world.db, id))?.phase, { timeout: 60_000, interval: 30 }).toBe("generating");

test("a rung job becomes pictures in the store, named by their hash, with everything that made them", async () => {
  const worker = world.worker();
  const { job } = await newJob(world, red, { count: 2, steps: 3 });
  await world.ring(job.id);
  const done = await ended(job.id);
  expect(done).toMatchObject({ state: "succeeded", fence: 1, result: { seed: 7, model: "average@1", parameters: { steps: 3 } } });
  expect(done.result?.images).toHaveLength(2);
  for (const image of done.result!.images) {
    const bytes = await world.store.read(image.key, 1e6, AbortSignal.timeout(5000));
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(image.sha256);
    expect(image).toMatchObject({ bytes: bytes.length, width: 16, height: 16 });
    expect((await sharp(bytes).stats()).channels[0]!.mean).toBeCloseTo(200, 0);
  }
  await worker.drain(0);
});

test("styles and codes act as one reference each, a job without any is made of its prompt, and a style's code is kept once", async () => {
  const worker = world.worker();
  const blue = await sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 0, g: 0, b: 100 } } }).png().toBuffer();
  const { accountId, job: first } = await newJob(world, { bytes: blue, sha256: createHash("sha256").update(blue).digest("hex") });
  const [other] = first.request!.references;
  const { job: source } = await newJob(world, red, {}, { owner: accountId });
  const [image] = source.request!.references as StyleReference[];
  const style = { id: newId("style"), version: 3 };
  const group = { styles: [{ ...style, weight: 1 }], weight: 1, mode: "style" as const, members: [{ ...image!, weight: 3 }, { ...(other as StyleReference), weight: 1 }] };
  const run = async (request: Partial<StoredRequest>, kind: "picture" | "style_code" = "picture") => {
    const { job } = await newJob(world, red, { style, ...request }, { owner: accountId, kind });
    await world.ring(job.id);
    const done = await ended(job.id);
    expect(done.error).toBeNull();
    const [made] = done.result!.images;
    return made === undefined ? [] : (await sharp(await world.store.read(made.key, 1e6, AbortSignal.timeout(5000))).stats()).channels.map(({ mean }) => Math.round(mean));
  };
  expect(await run({ references: [] })).toEqual([128, 128, 128]);
  expect(await run({ references: [group] })).toEqual([150, 8, 40]);
  for (let i = 0; i < 2; i++) expect(await run({ references: [group] }, "style_code")).toEqual([]);
  const code = await findStyleCode(world.db, { style: style.id, version: 3 }, "a".repeat(64));
  expect(code).toMatchObject({ bytes: Buffer.from(code!.data, "base64").length, sha256: createHash("sha256").update(Buffer.from(code!.data, "base64")).digest("hex") });
  expect(await run({ references: [{ code: code!.id, weight: 1, mode: "style" }] })).toEqual([150, 8, 40]);
  expect(await findStyleCode(world.db, { style: style.id, version: 4 }, "a".repeat(64))).toBeUndefined();
  await cancelJob(world.db, accountId, first.id);
  await worker.drain(0);
});

test("of a reference with a crop the worker uses that part alone, in jobs and in styles", async () => {
  const worker = world.worker();
  const halves = await sharp({ create: { width: 32, height: 16, channels: 3, background: { r: 200, g: 0, b: 0 } } })
    .composite([{ input: { create: { width: 16, height: 16, channels: 3, background: { r: 0, g: 0, b: 100 } } }, left: 16, top: 0 }])
    .png()
    .toBuffer();
  const picture = { bytes: halves, sha256: createHash("sha256").update(halves).digest("hex") };
  const { accountId, job: whole } = await newJob(world, picture);
  const [image] = whole.request!.references as StyleReference[];
  const part = { ...image!, crop: { x: 0.5, y: 0, width: 0.5, height: 1 } };
  await world.ring(whole.id);
  await ended(whole.id);
  const style = { styles: [{ id: newId("style"), version: 1, weight: 1 }], weight: 1, mode: "style" as const, members: [part] };
  for (const references of [[part], [style]]) {
    const { job } = await newJob(world, picture, { references }, { owner: accountId });
    await world.ring(job.id);
    const [made] = (await ended(job.id)).result!.images;
    const { channels } = await sharp(await world.store.read(made!.key, 1e6, AbortSignal.timeout(5000))).stats();
    expect(channels.map(({ mean }) => Math.round(mean))).toEqual([0, 0, 100]);
  }
  await worker.drain(0);
});

test("three messages for one job make one effect", async () => {
  const workers = [world.worker(), world.worker(), world.worker()];
  const { job } = await newJob(world, red, { steps: 5 });
  for (let i = 0; i < 3; i++) await world.ring(job.id);
  expect(await ended(job.id)).toMatchObject({ state: "succeeded", fence: 1 });
  await Promise.all(workers.map((worker) => worker.drain(1000)));
});

test("a running job stops within seconds of a cancel, also when the model does not listen", async () => {
  const worker = world.worker();
  for (const prompt of ["long", "deaf"]) {
    const { accountId, job } = await newJob(world, red, { prompt, steps: 100_000 });
    await world.ring(job.id);
    await expect.poll(async () => (await readJob(world.db, job.id))?.state, { timeout: 60_000 }).toBe("running");
    const asked = performance.now();
    await cancelJob(world.db, accountId, job.id);
    expect(await ended(job.id)).toMatchObject({ state: "canceled", result: null });
    expect(performance.now() - asked).toBeLessThan(15_000);
  }
  const after = await newJob(world, red);
  await world.ring(after.job.id);
  expect(await ended(after.job.id)).toMatchObject({ state: "succeeded" });
  await worker.drain(0);
});

test("progress and a preview can be seen while a job runs", async () => {
  const worker = world.worker();
  const { accountId, job } = await newJob(world, red, { steps: 200 });
  await world.ring(job.id);
  await working(job.id);
  await expect.poll(async () => (await readJob(world.db, job.id))?.preview, { timeout: 60_000 }).toMatch(/preview-\d+\.png$/);
  const row = (await readJob(world.db, job.id))!;
  expect(row.steps).toBe(200);
  expect((await world.store.read(row.preview!, 1e6, AbortSignal.timeout(5000))).length).toBeGreaterThan(10);
  await cancelJob(world.db, accountId, job.id);
  await ended(job.id);
  await worker.drain(0);
});

test("an input that kills the inference process dies after three tries, and the next job is fine", async () => {
  const worker = world.worker();
  const { job } = await newJob(world, red, { prompt: "segfault" });
  const good = await newJob(world, red);
  for (let attempt = 1; attempt <= 3; attempt++) {
    await world.db.execute(sql`update jobs set run_after = now() where id = ${job.id} and state = 'queued'`);
    await world.ring(job.id);
    await expect.poll(async () => (await readJob(world.db, job.id))?.tries_left, { timeout: 60_000, interval: 30 }).toBe(3 - attempt);
    await expect.poll(async () => (await readJob(world.db, job.id))?.state, { timeout: 60_000, interval: 30 }).not.toBe("running");
  }
  expect(await readJob(world.db, job.id)).toMatchObject({ state: "failed", error: { code: "attempts_exhausted" } });
  await world.ring(good.job.id);
  expect(await ended(good.job.id)).toMatchObject({ state: "succeeded" });
  await worker.drain(0);
});

test("a worker that drains gives its job back at once, with its try", async () => {
  const first = world.worker();
  const { job } = await newJob(world, red, { steps: 100_000 });
  await world.ring(job.id);
  await working(job.id);
  await first.drain(100);
  expect(await readJob(world.db, job.id)).toMatchObject({ state: "queued", tries_left: 3, fence: 1 });
  await world.db.execute(sql`update jobs set finish_by = now() where id = ${job.id}`);
  await expireJobs(world.db);
});

test("a worker that lost its lease while it slept changes nothing and uploads nothing that is seen", async () => {
  const { job } = await newJob(world, red, { steps: 60 });
  const worker = world.worker();
  await world.ring(job.id);
  await working(job.id);
  await world.db.execute(sql`update jobs set lease_until = now() - interval '1 minute' where id = ${job.id}`);
  const second = await claimJob(world.db, job.id, "another");
  // The first worker may have beaten in between: then it still holds the job, and that is right as well.
  if (second.won) {
    await worker.drain(5000);
    expect(await readJob(world.db, job.id)).toMatchObject({ state: "running", fence: 2, lease_owner: "another" });
    await world.db.execute(sql`update jobs set lease_until = now() - interval '1 minute', cancel_requested_at = now() where id = ${job.id}`);
    await sweepLapsedLeases(world.db);
  } else await ended(job.id);
});

test("messages that mean nothing are dropped in one go", async () => {
  const worker = world.worker();
  for (const body of ["{", '{"v":2,"job_id":"job_00000000000000000000000000"}', '{"v":1,"job_id":"job_00000000000000000000000000"}', "x".repeat(200_000)]) await world.ring("", body);
  const { job } = await newJob(world, red);
  await world.ring(job.id);
  await ended(job.id);
  expect(world.lines.filter(({ event }) => event === "poison_message").length).toBe(3);
  await worker.drain(0);
});

test.each([
  ["test:fail:content_policy", "failed", "content_policy"],
  ["test:fail:nonsense", "succeeded", undefined],
  ["test:slow:1", "succeeded", undefined],
])("a test key's prompt %s ends as %s; a live key's prompt is just a prompt", async (prompt, state, code) => {
  const worker = world.worker();
  const asked = await newJob(world, red, { prompt }, { mode: "test" });
  const live = await newJob(world, red, { prompt });
  for (const { job } of [asked, live]) await world.ring(job.id);
  const row = await ended(asked.job.id);
  expect(row.state).toBe(state);
  expect(row.error?.code).toBe(code);
  expect(await ended(live.job.id)).toMatchObject({ state: "succeeded" });
  await worker.drain(0);
});

test.each([
  ["deleted since", async (id: string) => world.db.execute(sql`update uploads set deleted_at = now() where account_id = ${id}`), "invalid_image"],
  ["swapped in the store", async (id: string) => world.db.execute(sql`update uploads set sha256 = 'other' where account_id = ${id}`), "invalid_image"],
])("a reference that was %s fails its job for good", async (_, change, code) => {
  const worker = world.worker();
  const { accountId, job } = await newJob(world, red);
  await change(accountId);
  await world.ring(job.id);
  expect(await ended(job.id)).toMatchObject({ state: "failed", error: { code } });
  await worker.drain(0);
});

test("a database that hangs up as the result is written down costs a try, not the job", async () => {
  const dialect = new PgDialect();
  let cut = 0;
  // The connection is really lost, at the statement that would have ended the job.
  const execute: typeof world.db.execute = (statement) =>
    cut === 0 && typeof statement !== "string" && dialect.sqlToQuery(statement.getSQL()).sql.includes("'succeeded'") && dialect.sqlToQuery(statement.getSQL()).sql.includes("result =") && ++cut === 1
      ? world.db.execute(sql`select pg_terminate_backend(pg_backend_pid())`)
      : world.db.execute(statement);
  const db = new Proxy(world.db, { get: (real, name) => (name === "execute" ? execute : (Reflect.get(real, name) as unknown)) });
  const worker = world.worker({ db });
  const { job } = await newJob(world, red);
  await world.ring(job.id);
  await expect.poll(() => cut, { timeout: 30_000 }).toBe(1);
  await expect.poll(async () => (await readJob(world.db, job.id))?.state, { timeout: 30_000 }).not.toBe("running");
  expect(await readJob(world.db, job.id)).toMatchObject({ state: "queued", tries_left: 2, error: null });
  await world.db.execute(sql`update jobs set run_after = now() where id = ${job.id}`);
  await world.ring(job.id);
  expect(await ended(job.id)).toMatchObject({ state: "succeeded", fence: 2 });
  await worker.drain(0);
});

test("a bug in the model costs the owner nothing and tells them nothing", async () => {
  const worker = world.worker();
  const { job } = await newJob(world, red, { prompt: "bug" });
  await world.ring(job.id);
  const row = await ended(job.id);
  expect(row.error?.code).toBe("internal");
  expect(row.error?.message).not.toContain("function");
  await worker.drain(0);
});
