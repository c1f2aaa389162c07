import { fileURLToPath } from "node:url";
import { serve, type ServerType } from "@hono/node-server";
import { createAdmission, createApp, rememberedPlaces, ringAlone, s3ObjectStore, sqsJobQueue, watchTogether } from "@deadiff/edge-api";
import { startLocalCloud, type LocalCloud } from "@deadiff/infra";
import { claimJob, connect, createAccount, createKey, listJobs, renewJob, SCOPES, succeedJob, type Connection, type Id } from "@deadiff/schemas";
import { scratchDatabase, startScratchPostgres, type ScratchPostgres } from "@deadiff/schemas/local";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unstable_startWorker } from "wrangler";
import { makeAPicture } from "../examples/make-a-picture.ts";
import { receive } from "../examples/receive-webhooks.ts";
import { createClient } from "../src/index.ts";

const SECRET = `whsec_${Buffer.from("a secret of 24 bytes ok.").toString("base64")}`;
const PIXEL = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="), (c) => c.charCodeAt(0));

let postgres: ScratchPostgres;
let cloud: LocalCloud;
let connection: Connection;
let server: ServerType;
let baseUrl: string;
let apiKey: string;
let accountId: Id<"account">;
let working = true;

/** Ends whatever waits, as a worker would. */
const work = async (): Promise<void> => {
  while (working) {
    for (const { id } of (await listJobs(connection.db, accountId, { limit: 10, state: "queued" })).data) {
      const claim = await claimJob(connection.db, id, "w");
      if (!claim.won) continue;
      const hold = { id, fence: claim.job.fence };
      await renewJob(connection.db, hold, { phase: "generating", step: 1, steps: 2 });
      await new Promise((resolve) => setTimeout(resolve, 300));
      await succeedJob(connection.db, hold, { images: [{ key: `out/${id}/${hold.fence}/aa.png`, sha256: "aa", bytes: 1, width: 8, height: 8, content_type: "image/png" }], seed: 7, parameters: {}, timings: {}, model: "m@1" });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
let worked: Promise<void>;

beforeAll(async () => {
  [postgres, cloud] = await Promise.all([startScratchPostgres(), startLocalCloud()]);
  connection = connect(await scratchDatabase(postgres.url), { max: 10 });
  const { db } = connection;
  const shared = () => ({ db, close: () => Promise.resolve() });
  const access = { region: cloud.region, ...cloud.credentials };
  const app = createApp({
    services: () => ({
      connect: shared,
      store: s3ObjectStore({ ...access, endpoint: cloud.endpoint, bucket: cloud.bucket }),
      ring: ringAlone({ queue: sqsJobQueue({ ...access, queueUrl: cloud.queueUrl }), connect: shared, log: () => undefined }),
      admission: createAdmission({ active: 100, queued: 100, held: 100 }),
      queuePlaces: rememberedPlaces(),
      watchChanges: watchTogether(db, 50),
      log: () => undefined,
      after: (task: Promise<unknown>) => void task,
      auth: null,
      localAccount: null,
    }),
    ip: () => undefined,
  });
  baseUrl = await new Promise((resolve) => {
    server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }, ({ port }) => resolve(`http://127.0.0.1:${port}`));
  });
  accountId = await createAccount(db, { name: "client", credits: 1000 });
  apiKey = (await createKey(db, accountId, { name: "k", mode: "live", scopes: [...SCOPES], ip_allow: [] })).secret;
  worked = work();
});
afterAll(async () => {
  working = false;
  await worked;
  if ("closeAllConnections" in server) server.closeAllConnections();
  server.close();
  await connection.close();
  await cloud.stop();
  await postgres.stop();
});

const delivery = (secret: string): Request => {
  const body = JSON.stringify({ type: "job.succeeded", timestamp: "2026-11-25T00:00:00Z", data: { id: "job_1" } });
  const at = new Date();
  const headers = { "webhook-id": "msg_1", "webhook-timestamp": String(Math.floor(at.getTime() / 1000)), "webhook-signature": new Webhook(secret).sign("msg_1", at, body) };
  return new Request("http://receiver.example/hook", { method: "POST", body, headers });
};
const OTHER = `whsec_${Buffer.from("another secret, 24 bytes").toString("base64")}`;

test("on Node: a picture is made with its progress told, and a webhook is handled once it is verified", async () => {
  const steps: string[] = [];
  const job = await makeAPicture(createClient({ apiKey, baseUrl }), PIXEL, "a fox", (step) => steps.push(step));
  expect(job.state).toBe("succeeded");
  expect(steps.at(-1)).toBe("succeeded");
  const handled: string[] = [];
  const handle = (event: { type: string }, id: string) => {
    handled.push(`${id} ${event.type}`);
    return Promise.resolve();
  };
  expect((await receive(delivery(SECRET), [OTHER, SECRET], handle)).status).toBe(204);
  expect((await receive(delivery(OTHER), [SECRET], handle)).status).toBe(400);
  expect(handled).toEqual(["msg_1 job.succeeded"]);
});

test("where there is nothing but the web's own interfaces (workerd without Node's): the same", async () => {
  Object.assign(process.env, { WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", WRANGLER_HIDE_BANNER: "true" });
  const text = (value: string) => ({ type: "plain_text" as const, value });
  const worker = await unstable_startWorker({
    config: fileURLToPath(new URL("../examples/wrangler.jsonc", import.meta.url)),
    bindings: { API_URL: text(baseUrl), API_KEY: text(apiKey), WEBHOOK_SECRET: text(SECRET) },
    dev: { server: { port: 0 }, watch: false, logLevel: "error", persist: false },
  });
  try {
    const base = await worker.url;
    const made = (await (await fetch(new URL("/make", base), { method: "POST", body: PIXEL })).json()) as { steps: string[]; url: string };
    expect(made.steps.at(-1)).toBe("succeeded");
    expect(made.url).toContain("X-Amz-Signature");
    const hook = async (request: Request) => fetch(new URL("/hook", base), { method: "POST", body: await request.text(), headers: request.headers });
    expect((await hook(delivery(SECRET))).status).toBe(204);
    expect((await hook(delivery(OTHER))).status).toBe(400);
  } finally {
    await worker.dispose();
  }
}, 120_000);
