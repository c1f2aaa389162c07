import { Agent, request } from "node:http";
import { text as textOf } from "node:stream/consumers";
import { connect, type Connection, type Job, type Problem, type SessionInfo } from "@deadiff/schemas";
import { scratchDatabase } from "@deadiff/schemas/local";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { unstable_startWorker } from "wrangler";
import { INPUT, tenant } from "./world.ts";

let worker: Awaited<ReturnType<typeof unstable_startWorker>>;
let connection: Connection;
let base: URL;

beforeAll(async () => {
  Object.assign(process.env, { WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_HIDE_BANNER: "true" });
  const url = await scratchDatabase(inject("postgresUrl"));
  connection = connect(url);
  const cloud = inject("cloud");
  const text = (value: string) => ({ type: "plain_text" as const, value });
  worker = await unstable_startWorker({
    config: new URL("../wrangler.jsonc", import.meta.url).pathname,
    bindings: {
      DATABASE_URL: text(url),
      S3_ENDPOINT: text(cloud.endpoint),
      S3_BUCKET: text(cloud.bucket),
      SQS_QUEUE_URL: text(cloud.queueUrl),
      AWS_ACCESS_KEY_ID: text(cloud.accessKeyId),
      AWS_SECRET_ACCESS_KEY: text(cloud.secretAccessKey),
      AUTH_SECRET: text("s".repeat(40)),
      WEB_ORIGINS: text("http://localhost:3000"),
      ACTIVE_REQUESTS: text("4"),
      QUEUED_REQUESTS: text("30"),
    },
    dev: { server: { port: 0 }, watch: false, logLevel: "error", persist: false },
  });
  base = await worker.url;
});
afterAll(async () => {
  await worker.dispose();
  await connection.close();
});

const call = (method: string, path: string, key: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(new URL(path, base), {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

test("the same app in workerd: create, read, wait, stream, cancel, problems", async () => {
  const { key } = await tenant(connection.db);
  const created = await call("POST", "/v1/jobs", key, { input: INPUT });
  expect(created.status).toBe(202);
  const job = (await created.json()) as Job;
  const stream = await call("GET", `/v1/jobs/${job.id}/events`, key);
  const held = call("GET", `/v1/jobs/${job.id}`, key, undefined, { "if-none-match": '"1"', prefer: "wait=10" });
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(((await (await call("POST", `/v1/jobs/${job.id}/cancel`, key)).json()) as Job).state).toBe("canceled");
  expect(((await (await held).json()) as Job).version).toBe(2);
  const news = await stream.text();
  expect(news.match(/^id: \d+$/gm)).toEqual(["id: 1", "id: 2"]);
  expect((await call("GET", "/v1/jobs/job_x", key)).status).toBe(422);
  expect((await call("GET", "/v1/jobs", "dd_live_no")).status).toBe(401);
  expect(((await (await call("GET", "/v1/health", key)).json()) as { status: string }).status).toBe("ok");
  expect((await call("GET", "/v1/openapi.json", key)).status).toBe(200);
});

test("twenty calls at once: four are worked on, the others take their turns", async () => {
  const { key } = await tenant(connection.db);
  const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await call("POST", "/v1/jobs", key, { input: INPUT })).status));
  expect(new Set(statuses)).toEqual(new Set([202]));
});

test("a hundred calls at once: some are refused with 503 and Retry-After, the others are served, and the isolate goes on", async () => {
  const { key } = await tenant(connection.db, { credits: 1000 });
  const answers = await Promise.all(Array.from({ length: 100 }, () => call("POST", "/v1/jobs", key, { input: INPUT })));
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202, 503]));
  for (const answer of refused) {
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(((await answer.json()) as Problem).code).toBe("overloaded");
  }
  expect((await call("POST", "/v1/jobs", key, { input: INPUT })).status).toBe(202);
});

test("after a 413 the connection answers its next request", async () => {
  const { key } = await tenant(connection.db);
  // One connection for all: what the first leaves unread would come before the second.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const send = (method: string, body?: string) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", ...(body === undefined ? {} : { "content-length": body.length }) };
      const sent = request(new URL("/v1/jobs", base), { method, agent, headers }, (answer) => void textOf(answer).then((said) => resolve({ status: answer.statusCode, body: said }), reject));
      sent.on("error", reject);
      sent.end(body);
    });
  const large = await send("POST", "x".repeat(1_000_000));
  expect(large.status).toBe(413);
  expect((JSON.parse(large.body) as Problem).code).toBe("too_large");
  expect((await send("GET")).status).toBe(200);
  agent.destroy();
});

test("signing up and the cookie's session, in workerd", async () => {
  const origin = "http://localhost:3000";
  const send = (method: string, path: string, cookie: string, body?: unknown) =>
    fetch(new URL(path, base), { method, headers: { origin, cookie, "content-type": "application/json" }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const signedUp = await send("POST", "/auth/sign-up/email", "", { name: "Ada", email: "ada@example.com", password: "correct horse battery" });
  expect(signedUp.status).toBe(200);
  const cookie = signedUp.headers.getSetCookie().map((text) => text.split(";")[0]).join("; ");
  expect((await (await send("GET", "/v1/session", cookie)).json()) as SessionInfo).toMatchObject({ kind: "user", user: { email: "ada@example.com" } });
  expect((await send("POST", "/v1/jobs", cookie, { input: { prompt: "a dog" } })).status).toBe(202);
  expect((await send("POST", "/auth/sign-out", cookie, {})).status).toBe(200);
  expect((await send("GET", "/v1/jobs", cookie)).status).toBe(401);
});
