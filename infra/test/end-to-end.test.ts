import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { encodePng, readPngParameters, writeRandomBundle } from "@deadiff/core/node";
import { hostImage } from "@deadiff/core";
import { connect, createEndpoint, newId, type Connection, type Job, type Upload } from "@deadiff/schemas";
import { checkInvariants } from "@deadiff/schemas/invariants";
import { sql } from "drizzle-orm";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ManagedProcess } from "../src/local/process.ts";
import { startStack, type Stack } from "../src/local/stack.ts";

const TLS = { key: readFileSync(new URL("./tls/receiver.key", import.meta.url)), cert: readFileSync(new URL("./tls/receiver.crt", import.meta.url)) };
const preview = { factors: [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.1, 0.1, 0.1]], bias: [0, 0, 0] } as const;

let folder: string;
let stack: Stack;
let receiver: Server;
let connection: Connection;
let collector: HttpServer;
/** What came to the trace collector. */
interface SpanHeard { readonly service: string; readonly name: string; readonly traceId: string; readonly spanId: string; readonly parentSpanId?: string; readonly startTimeUnixNano: string; readonly endTimeUnixNano: string }
const spans: SpanHeard[] = [];
const heard: { body: string; headers: Record<string, string> }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-stack-"));
  await chmod(folder, 0o755);
  await writeRandomBundle(join(folder, "bundle"), { size: 32, preview });
  receiver = createServer(TLS, (request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      heard.push({ body, headers: request.headers as Record<string, string> });
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  collector = createHttpServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString()) as { resourceSpans: { resource: { attributes: { key: string; value: { stringValue: string } }[] }; scopeSpans: { spans: Omit<SpanHeard, "service">[] }[] }[] };
      for (const { resource, scopeSpans } of resourceSpans) {
        const service = resource.attributes.find(({ key }) => key === "service.name")?.value.stringValue ?? "";
        spans.push(...scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, service }))));
      }
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  stack = await startStack({
    folder: join(folder, "data"),
    edge: "workerd",
    durable: false,
    env: { PATH: process.env["PATH"] ?? "", HOME: folder, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}` },
    workerEnv: {
      DEADIFF_BUNDLE: join(folder, "bundle"),
      DEADIFF_THREADS: "1",
      DEADIFF_NET_ALLOW: "127.0.0.1/32",
      DEADIFF_NET_PORTS: "any",
      NODE_EXTRA_CA_CERTS: new URL("./tls/receiver.crt", import.meta.url).pathname,
    },
  });
  connection = connect(stack.databaseUrl, { max: 2 });
}, 120_000);
afterAll(async () => {
  await connection.close();
  await stack.stop();
  for (const server of [receiver, collector]) {
    server.closeAllConnections();
    server.close();
  }
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const call = async <Body>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Body> => {
  const response = await fetch(`${stack.apiUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${stack.keys.live}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
};

const uploaded = async (): Promise<string> => {
  const bytes = Buffer.from(await encodePng(hostImage(20, 12, Uint8Array.from({ length: 720 }, (_, i) => (i * 7) % 256))));
  const ticket = await call<Upload & { put: { url: string; headers: Record<string, string> } }>("POST", "/v1/uploads", {
    content_type: "image/png",
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
  expect((await fetch(ticket.put.url, { method: "PUT", body: bytes, headers: ticket.put.headers })).status).toBe(200);
  expect((await call<Upload>("POST", `/v1/uploads/${ticket.id}/complete`, {})).state).toBe("ready");
  return ticket.id;
};

const ended = async (id: string): Promise<Job> => {
  let job = await call<Job>("GET", `/v1/jobs/${id}`);
  for (const deadline = Date.now() + 60_000; !job.is_terminal && Date.now() < deadline; ) job = await call<Job>("GET", `/v1/jobs/${id}?wait_s=10`);
  return job;
};

test("one job through workerd, Postgres, the queue, the worker, the model, the store and a signed webhook", async () => {
  const endpoint = await createEndpoint(connection.db, stack.accountId, { url: `https://127.0.0.1:${(receiver.address() as AddressInfo).port}/`, description: "", events: ["job.started", "job.succeeded"] });
  const image = await uploaded();
  const job = await call<Job>("POST", "/v1/jobs", { input: { references: [{ image }], prompt: "a red cat", steps: 4, count: 2, seed: 7 } }, { "idempotency-key": newId("request") });
  const stream = fetch(`${stack.apiUrl}/v1/jobs/${job.id}/events`, { headers: { authorization: `Bearer ${stack.keys.live}` } }).then((response) => response.text());
  const done = await ended(job.id);
  expect(done).toMatchObject({ state: "succeeded", seed: 7, model: "tiny@random-1", charge: { credits: 2, state: "captured" }, parameters: { steps: 4, prompt: "a red cat" } });
  expect(done.outputs).toHaveLength(2);
  for (const [i, output] of done.outputs.entries()) {
    const bytes = Buffer.from(await (await fetch(output.url!)).arrayBuffer());
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(output.sha256);
    expect(readPngParameters(bytes)).toMatchObject({ seed: String(7 + i), prompt: "a red cat" });
  }
  const versions = [...(await stream).matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  expect(versions.at(-1)).toBe(done.version);
  expect(versions).toEqual([...versions].sort((a, b) => a - b));
  await expect.poll(() => heard.some(({ body }) => body.includes("job.succeeded")), { timeout: 10_000 }).toBe(true);
  const { body, headers } = heard.find((one) => one.body.includes("job.succeeded"))!;
  const payload = new Webhook(endpoint.secret).verify(body, headers) as { data: Job };
  expect(payload.data).toMatchObject({ id: job.id, version: done.version, outputs: [{ sha256: done.outputs[0]!.sha256 }, { sha256: done.outputs[1]!.sha256 }] });
});

const INFERENCE = ["open references", "encode references", "encode prompt", "denoise", "decode latents", "encode png"];
/** The monotonic clocks of two processes may have started a little apart from the wall's. */
const CLOCKS_NS = 100_000_000n;

test("a job is one trace from the caller through API, queue, worker and webhook", async () => {
  const image = await uploaded();
  const [traceId, callerSpan] = [newId("request").slice(-26).replace(/[^0-9a-f]/g, "a").padStart(32, "b"), "00f067aa0ba902b7"];
  const job = await call<Job>("POST", "/v1/jobs", { input: { references: [{ image }], prompt: "a red cat", steps: 2 } }, { traceparent: `00-${traceId}-${callerSpan}-01` });
  expect((await ended(job.id)).state).toBe("succeeded");
  const names = () => spans.filter((span) => span.traceId === traceId).map(({ service, name }) => `${service}: ${name}`);
  const expected = ["edge-api: POST /v1/jobs", "edge-api: jobs send", "worker-work: jobs process", "worker-work: load references", "worker-work: generate", ...INFERENCE.map((name) => `worker-work: ${name}`), "worker-work: unet step", "worker-work: upload", "worker-deliver: webhook post"];
  await expect.poll(() => expected.filter((name) => !names().includes(name)), { timeout: 30_000 }).toEqual([]);
  const named = (name: string) => spans.find((span) => span.traceId === traceId && span.name === name);
  expect(named("POST /v1/jobs")?.parentSpanId).toBe(callerSpan);
  expect(named("jobs send")?.parentSpanId).toBe(named("POST /v1/jobs")?.spanId);
  expect(named("jobs process")?.parentSpanId).toBe(named("jobs send")?.spanId);
  expect(named("generate")?.parentSpanId).toBe(named("jobs process")?.spanId);
  // What the inference process timed, in its order and within the supervisor's span, a step within its part.
  const whole = named("generate")!;
  let last = BigInt(whole.startTimeUnixNano) - CLOCKS_NS;
  for (const name of INFERENCE) {
    const part = named(name)!;
    expect([name, part.parentSpanId]).toEqual([name, whole.spanId]);
    expect(BigInt(part.startTimeUnixNano)).toBeGreaterThanOrEqual(last);
    expect(BigInt(part.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(part.startTimeUnixNano));
    last = BigInt(part.endTimeUnixNano) - 1000n;
  }
  expect(last).toBeLessThanOrEqual(BigInt(whole.endTimeUnixNano) + CLOCKS_NS);
  const steps = spans.filter((span) => span.traceId === traceId && span.name === "unet step");
  expect(steps.map(({ parentSpanId }) => parentSpanId)).toEqual([named("denoise")?.spanId, named("denoise")?.spanId]);
});

test("what the model cannot do is said in its own words, costs nothing, and its trace says how far it came", async () => {
  const image = await uploaded();
  const traceId = "c".repeat(32);
  const job = await call<Job>("POST", "/v1/jobs", { input: { references: [{ image }], prompt: "a cat", gains: "no_such" } }, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` });
  expect(await ended(job.id)).toMatchObject({ state: "failed", error: { code: "unsupported_parameter" }, charge: { state: "released" } });
  const named = (name: string) => spans.find((span) => span.traceId === traceId && span.name === name);
  const within = () => named("open references")?.parentSpanId;
  await expect.poll(() => within() !== undefined && within() === named("generate")?.spanId, { timeout: 30_000 }).toBe(true);
});

const killAndAwait = async (child: ManagedProcess): Promise<void> => {
  const killed = child.pid();
  child.kill("SIGKILL");
  await expect.poll(() => child.pid() !== undefined && child.pid() !== killed, { timeout: 30_000 }).toBe(true);
  await child.ready();
};

test("killed without mercy at work, worker, dispatcher and API come back, and every acknowledged job ends well, once", async () => {
  const image = await uploaded();
  const jobs: Job[] = [];
  const create = () => call<Job>("POST", "/v1/jobs", { input: { references: [{ image }], prompt: "a dog", steps: 3 } }).then((job) => jobs.push(job), () => undefined);
  for (let i = 0; i < 6; i++) {
    await create();
    if (i === 1) stack.workers[0]!.kill("SIGKILL");
    if (i === 2) stack.deliver.kill("SIGKILL");
    if (i === 3) await killAndAwait(stack.edge);
    await sleep(200);
  }
  expect(jobs.length).toBeGreaterThanOrEqual(4);
  // The lease of the killed worker would run out by itself; a test does not wait for that.
  await connection.db.execute(sql`update jobs set lease_until = now() - interval '1 minute' where state = 'running' and lease_until < now() + interval '25 seconds'`);
  for (const { id } of jobs) expect(await ended(id)).toMatchObject({ state: "succeeded", error: null, charge: { state: "captured" } });
  expect(await checkInvariants(connection.db)).toEqual([]);
});

test("a process that is killed leaves none of its own behind", async () => {
  const pid = stack.edge.pid()!;
  const inGroup = async () => {
    const all = await readdir("/proc");
    const stats = await Promise.all(all.filter((name) => /^\d+$/.test(name)).map((name) => readFile(`/proc/${name}/stat`, "utf8").catch(() => "")));
    return stats.filter((stat) => stat.slice(stat.lastIndexOf(")")).split(" ")[3] === String(pid)).length;
  };
  expect(await inGroup()).toBeGreaterThan(1);
  stack.edge.kill("SIGKILL");
  await expect.poll(inGroup, { timeout: 5000 }).toBe(0);
});

test("the log is one file of JSON lines without secrets", async () => {
  const text = await readFile(stack.logFile, "utf8");
  for (const line of text.trim().split("\n")) expect(() => JSON.parse(line) as unknown).not.toThrow();
  for (const secret of [stack.keys.live, stack.keys.test, stack.cloud.credentials.secretAccessKey]) expect(text).not.toContain(secret);
});
