import { createKey, type Problem } from "@deadiff/schemas";
import { expect, test } from "vitest";
import { newJob, tenant, useWorld } from "./world.ts";

const world = useWorld();
const EXAMPLE_ID = "00000000000000000000000000";

test("the events of another account's job are not there", async () => {
  const [mine, theirs] = [await tenant(world.db), await tenant(world.db)];
  const job = await newJob(world, theirs.key);
  expect((await world.call("GET", `/v1/jobs/${job.id}/events`, { key: mine.key })).status).toBe(404);
});

test("a key works only from the addresses it names", async () => {
  const { accountId } = await tenant(world.db);
  const { secret } = await createKey(world.db, accountId, { name: "k", mode: "live", scopes: ["jobs:read"], ip_allow: ["203.0.113.0/24", "2001:db8::1"] });
  for (const [ip, status] of [["203.0.113.9", 200], ["::ffff:203.0.113.9", 200], ["2001:db8::1", 200], ["2001:db8::2", 403], ["198.51.100.1", 403], ["nonsense", 403]] as const) {
    expect((await world.call("GET", "/v1/jobs", { key: secret, ip })).status).toBe(status);
  }
  expect((await world.call("GET", "/v1/jobs", { key: secret })).status).toBe(403);
});

test("a key hands on no scope that it does not have", async () => {
  const { key } = await tenant(world.db, { scopes: ["keys:admin", "jobs:read"] });
  expect((await world.call("POST", "/v1/keys", { key, body: { name: "x", scopes: ["billing:read"] } })).status).toBe(403);
  expect((await world.call("POST", "/v1/keys", { key, body: { name: "x", scopes: ["jobs:read"] } })).status).toBe(201);
});

test("past its rate a key is told when to come back, and is let in then", async () => {
  const { key } = await tenant(world.db);
  const responses = await Promise.all(Array.from({ length: 330 }, () => world.call("POST", "/v1/jobs/cancel", { key, body: { ids: "all" } })));
  const refused = responses.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  expect(responses.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(300);
  expect(refused[0]!.headers.get("retry-after")).toBe("1");
  expect(refused[0]!.headers.get("ratelimit")).toMatch(/^"write";r=0;t=60$/);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect((await world.call("POST", "/v1/jobs/cancel", { key, body: { ids: "all" } })).status).toBe(200);
});

const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const input = (change: string) => `{"input":{"references":[{"url":"https://e.example/a.png"}],${change}}}`;
test.each<[string, string, number[]]>([
  ["a megabyte of prompt", input(`"prompt":"${"x".repeat(1_000_000)}"`), [413]],
  ["a prompt over its limit", input(`"prompt":"${"x".repeat(4097)}"`), [422]],
  ["NUL", input('"prompt":"a\\u0000b"'), [422]],
  ["half a surrogate pair", input('"prompt":"\\ud800"'), [422]],
  ["a number beyond doubles", input('"strength":1e999'), [422]],
  ["NaN", input('"strength":NaN'), [400]],
  ["__proto__ as input", '{"__proto__":{"input":{}},"input":{"prompt":"x"}}', [422]],
  ["__proto__ as metadata", `{"input":{"references":[{"url":"https://e.example/a"}]},"metadata":{"__proto__":"x","constructor":"y"}}`, [202, 422]],
  ["ten thousand levels", `{"input":${deep(10_000)}}`, [400, 422]],
  ["an array", "[]", [400]],
  ["a string", '"x"', [400]],
  ["half a document", '{"input":', [400]],
  ["nothing", "", [422]],
  ["zalgo and right-to-left", input(`"prompt":"Z̷̢̛a̸l̵g̶o̸ \u202e שלום"`), [202]],
  ["a file address", '{"input":{"references":[{"url":"file:///etc/passwd"}]}}', [422]],
  ["a plain http address", '{"input":{"references":[{"url":"http://e.example/a"}]}}', [422]],
  ["an unknown field", input('"colour":"red"'), [422]],
])("hostile body, %s: a problem document at once, no harm done", async (_, body, statuses) => {
  const { key } = await tenant(world.db);
  await world.call("GET", "/v1/jobs", { key });
  const started = performance.now();
  const response = await world.call("POST", "/v1/jobs", { key, body });
  const ms = performance.now() - started;
  expect(statuses).toContain(response.status);
  if (response.status >= 400) {
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const problem = (await response.json()) as Problem;
    expect(problem.request_id).toMatch(/^req_/);
    expect(JSON.stringify(problem).length).toBeLessThan(10_000);
  }
  expect(ms).toBeLessThan(500);
});

test("no answer and no log line of this file holds a secret", async () => {
  const { key } = await tenant(world.db);
  await world.call("GET", `/v1/jobs?search=${key}`, { key });
  await world.call("GET", "/v1/jobs", { key: `${key}x` });
  const log = JSON.stringify(world.lines);
  expect(log).not.toContain(key.slice(8));
});

test("tRPC and REST give the same answer to the same question", async () => {
  const { key } = await tenant(world.db);
  const job = await newJob(world, key);
  const rest = (await (await world.call("GET", `/v1/jobs/${job.id}`, { key })).json());
  const trpc = (await (await world.call("GET", `/trpc/jobs.get?input=${encodeURIComponent(JSON.stringify({ id: job.id }))}`, { key })).json()) as { result: { data: unknown } };
  expect(trpc.result.data).toEqual(rest);
  const missing = await world.call("GET", `/trpc/jobs.get?input=${encodeURIComponent(JSON.stringify({ id: `job_${EXAMPLE_ID}` }))}`, { key });
  const { error } = (await missing.json()) as { error: { data: { problem: Problem; stack?: string } } };
  expect(missing.status).toBe(404);
  expect(error.data.problem).toMatchObject({ code: "not_found", status: 404 });
  expect(error.data.stack).toBeUndefined();
  const batch = await world.call("GET", "/trpc/jobs.get,jobs.list?batch=1&input=%7B%220%22%3A%7B%22id%22%3A%22x%22%7D%2C%221%22%3A%7B%7D%7D", { key });
  expect(batch.status).toBe(207);
});

test("an address nobody answers, a method nobody takes, a body of another kind: problem documents all", async () => {
  const { key } = await tenant(world.db);
  expect((await world.call("GET", "/v1/nothing", { key })).status).toBe(404);
  expect((await world.call("PATCH", "/v1/jobs", { key })).status).toBe(404);
  expect((await world.call("GET", "/trpc/no.such", { key })).status).toBe(404);
  const xml = await world.call("POST", "/v1/jobs", { key, body: "<a/>", headers: { "content-type": "application/xml" } });
  expect(xml.status).toBe(415);
  expect(await xml.json()).toMatchObject({ code: "unsupported_media" });
});
