import { setTimeout as sleep } from "node:timers/promises";
import type { Problem } from "@deadiff/schemas";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { createAdmission, type AdmissionLimits } from "../src/admission.ts";
import { createApp } from "../src/app.ts";
import { newJob, tenant, useWorld } from "./world.ts";

const world = useWorld();
const app = (limits: AdmissionLimits, patienceMs?: number) => {
  const services = { ...world.services, admission: createAdmission(limits, patienceMs) };
  return createApp({ services: () => services, ip: () => "127.0.0.1" });
};

/** Keeps every create of an account waiting for its row until called. */
const lockAccount = async (id: string): Promise<() => Promise<void>> => {
  let unlock = (): void => undefined;
  const freed = new Promise<void>((resolve) => (unlock = resolve));
  let locked = (): void => undefined;
  const ready = new Promise<void>((resolve) => (locked = resolve));
  const over = world.db.transaction(async (tx) => {
    await tx.execute(sql`select 1 from accounts where id = ${id} for update`);
    locked();
    await freed;
  });
  await ready;
  return async () => {
    unlock();
    await over;
  };
};
const create = (key: string) => ({ method: "POST", headers: { authorization: `Bearer ${key}`, "content-type": "application/json" }, body: JSON.stringify({ input: { prompt: "a dog" } }) });

test("what is beyond active and queued is refused at once with Retry-After, the rest is served, and health answers all along", async () => {
  const { accountId, key } = await tenant(world.db);
  const api = app({ active: 2, queued: 3, held: 1 });
  const unlock = await lockAccount(accountId);
  const answered: Response[] = [];
  const answers = Array.from({ length: 12 }, async () => answered.push(await api.request("/v1/jobs", create(key))));
  // Nothing that needs the account can be done yet: who is answered now did not wait for it.
  for (const end = performance.now() + 1500; answered.length < 7 && performance.now() < end; ) await sleep(10);
  const refused = [...answered];
  expect((await api.request("/v1/health")).status).toBe(200);
  expect((await api.request("/trpc/health.get?input=%7B%7D")).status).toBe(200);
  await unlock();
  await Promise.all(answers);
  expect(answered.map(({ status }) => status)).toEqual([...Array.from({ length: 7 }, () => 503), ...Array.from({ length: 5 }, () => 202)]);
  expect(refused).toHaveLength(7);
  for (const response of refused) {
    expect(response.headers.get("retry-after")).toBe("1");
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect((await response.json()) as Problem).toMatchObject({ code: "overloaded", retryable: true, retry_after_s: 1 });
  }
  expect((await api.request("/v1/jobs", create(key))).status).toBe(202);
});

test("whose turn does not come in time is told so, and takes no turn later", async () => {
  const { accountId, key } = await tenant(world.db);
  const api = app({ active: 1, queued: 5, held: 1 }, 200);
  const unlock = await lockAccount(accountId);
  const [first, late] = [api.request("/v1/jobs", create(key)), api.request("/v1/jobs", create(key))];
  expect((await late).status).toBe(503);
  await unlock();
  expect((await first).status).toBe(202);
  expect((await api.request("/v1/jobs", create(key))).status).toBe(202);
});

test("turns come in the order of asking", async () => {
  const admission = createAdmission({ active: 1, queued: 10, held: 0 });
  const order: number[] = [];
  await Promise.all(
    [0, 1, 2, 3].map(async (i) => {
      const turn = await admission.enter();
      order.push(i);
      await sleep(5);
      turn.leave();
      turn.leave();
    }),
  );
  expect(order).toEqual([0, 1, 2, 3]);
});

test("long polls and streams hold no turn, and are counted for themselves", async () => {
  const { key } = await tenant(world.db);
  const job = await newJob(world, key);
  const api = app({ active: 1, queued: 0, held: 2 });
  const headers = { authorization: `Bearer ${key}` };
  const stream = await api.request(`/v1/jobs/${job.id}/events`, { headers });
  const poll = api.request(`/v1/jobs/${job.id}`, { headers: { ...headers, prefer: "wait=20", "if-none-match": '"1"' } });
  await sleep(200);
  const third = await api.request(`/v1/jobs/${job.id}`, { headers: { ...headers, prefer: "wait=20", "if-none-match": '"1"' } });
  expect(third.status).toBe(503);
  expect((await api.request(`/v1/jobs/${job.id}/cancel`, { method: "POST", headers })).status).toBe(200);
  expect(((await (await poll).json()) as { state: string }).state).toBe("canceled");
  expect(await stream.text()).toContain('"state":"canceled"');
  // Both are over: there is room again.
  expect((await api.request(`/v1/jobs/${job.id}`, { headers: { ...headers, prefer: "wait=1" } })).status).toBe(200);
  expect(await (await api.request(`/v1/jobs/${job.id}/events`, { headers })).text()).toContain("event: job");
});
