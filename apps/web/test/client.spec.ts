import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { callApi, emptyAccount, expect, served, starterFile, test } from "./fixtures.ts";
import { serveIntegrator } from "./integrator.ts";
import { clientWith } from "./made.ts";
import { RECEIVER, startReceiver } from "./receiver.ts";

let integrator: Awaited<ReturnType<typeof serveIntegrator>>;
/** A key of this file's own: its jobs are free and obey `test:` prompts, and its rate limits are nobody else's. */
let key: { readonly id: string; readonly secret: string };

const makeKey = async (name: string): Promise<typeof key> => {
  const { id, secret } = (await callApi("POST", "/keys", { name, mode: "test", scopes: ["jobs:write", "jobs:read", "uploads:write"] })) as typeof key;
  return { id, secret };
};

test.beforeAll(async () => {
  integrator = await serveIntegrator();
  key = await makeKey("a page elsewhere");
});
test.afterAll(async () => {
  await emptyAccount();
  await callApi("DELETE", `/keys/${key.id}`);
  await integrator.stop();
});

/** An id that no job has. */
const NO_JOB = `job_${"0".repeat(26)}` as const;

/** What code in the page needs to call the API. */
const access = () => ({ apiKey: key.secret, baseUrl: served("STUDIO_API_URL"), noJob: NO_JOB });

/** Opens the integrator's page; `calls` fills with what it sends to the API. */
const openPage = async (page: Page): Promise<{ readonly calls: string[] }> => {
  const calls: string[] = [];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin === served("STUDIO_API_URL")) calls.push(`${request.method()} ${url.pathname}`);
  });
  await page.goto(integrator.url);
  await page.waitForFunction(() => "deadiff" in globalThis);
  return { calls };
};

const picture = async (): Promise<string> => (await readFile(starterFile("neon-guitar.png"))).toString("base64");

// Where a test routes requests, the browser asks nobody for leave across origins (no preflight): that is for the tests without routes.

test("on a page of another origin, a file and bytes are uploaded, a job is followed to its picture, and the page may read it", async ({ page }) => {
  const { calls } = await openPage(page);
  const made = await page.evaluate(
    async ({ apiKey, baseUrl, base64 }) => {
      const client = deadiff.createClient({ apiKey, baseUrl });
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      const fromBytes = await client.upload(bytes);
      const fromFile = await client.upload(new Blob([bytes], { type: "image/png" }));
      const states: string[] = [];
      const job = await client.run(
        { input: { references: [{ image: fromBytes.id }, { image: fromFile.id, mode: "content" }], prompt: "test:slow:1", steps: 2 } },
        { onUpdate: (update) => states.push(update.kind === "job" ? update.job.state : "progress") },
      );
      const { width, height } = await createImageBitmap(await (await fetch(job.outputs[0]?.url ?? "")).blob());
      const again = await client.upload(new URL(job.outputs[0]?.url ?? ""));
      return { origin: location.origin, uploads: [fromBytes.state, fromFile.state], sameBytes: fromBytes.sha256 === fromFile.sha256, states, state: job.state, output: job.outputs[0], size: { width, height }, again: again.sha256 };
    },
    { ...access(), base64: await picture() },
  );
  expect(made.origin).not.toBe(new URL(access().baseUrl).origin);
  expect(made).toMatchObject({ uploads: ["ready", "ready"], sameBytes: true, state: "succeeded" });
  expect(made.states).toContain("running");
  expect(made.states).toContain("progress");
  expect(made.states.at(-1)).toBe("succeeded");
  expect(made.size).toEqual({ width: made.output?.width, height: made.output?.height });
  expect(made.again).toBe(made.output?.sha256);
  // One stream, from the create to the end.
  expect(calls.filter((call) => call.endsWith("/events"))).toHaveLength(1);
  expect(calls.filter((call) => /^GET \/v1\/jobs\/job_\w+$/.test(call))).toEqual([]);
});

test("a page may send the headers of the API and no others, and read those that guide a client", async ({ page, expectConsole }) => {
  expectConsole(/x-not-allowed|ERR_FAILED/);
  await openPage(page);
  const seen = await page.evaluate(async ({ apiKey, baseUrl }) => {
    const ask = async (path: string, headers: Record<string, string>, init: RequestInit = {}) => {
      const response = await fetch(`${baseUrl}/v1${path}`, { ...init, headers: { authorization: `Bearer ${apiKey}`, ...headers } });
      return { status: response.status, headers: Object.fromEntries(response.headers), body: response.status === 304 ? null : ((await response.json()) as { id?: string }) };
    };
    const order = { method: "POST", body: JSON.stringify({ input: { prompt: "test:slow:60" } }) };
    const json = { "content-type": "application/json", "idempotency-key": crypto.randomUUID(), traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", prefer: "wait=0" };
    const created = await ask("/jobs", json, order);
    const replayed = await ask("/jobs", json, order);
    const path = `/jobs/${created.body?.id ?? ""}`;
    await ask(`${path}/cancel`, { "content-type": "application/json" }, { method: "POST", body: "{}" });
    let ended = await ask(path, {});
    while (!(ended.body as { is_terminal: boolean }).is_terminal) ended = await ask(path, {});
    const unchanged = await ask(path, { "if-none-match": ended.headers["etag"] ?? "" });
    const stranger = await ask(path, { "x-not-allowed": "1" }).then(() => "answered", (error: unknown) => (error as Error).name);
    return { created, replayed, ended, unchanged, stranger };
  }, access());
  expect(seen.created).toMatchObject({ status: 202, headers: { location: expect.stringContaining("/v1/jobs/job_"), "x-request-id": expect.stringMatching(/^req_/) } });
  expect(seen.replayed.headers).toMatchObject({ "idempotency-replayed": "true" });
  expect(seen.ended.headers).toMatchObject({ etag: expect.stringMatching(/^"\d+/), ratelimit: expect.stringContaining('"read"'), "ratelimit-policy": expect.stringContaining("q=3000") });
  expect(seen.unchanged).toMatchObject({ status: 304 });
  // The browser does ask before it sends: what was not allowed did not pass.
  expect(seen.stranger).toBe("TypeError");
});

test("refusals are told with their code, their status and what is wrong", async ({ page, expectConsole }) => {
  expectConsole(/status of (401|404|422)/);
  await openPage(page);
  const refusals = await page.evaluate(async ({ apiKey, baseUrl, noJob }) => {
    const told = (error: unknown) => (error instanceof deadiff.DeadiffApiError ? { code: error.code, status: error.status, issues: error.problem.issues?.map(({ path }) => path), request: error.problem.request_id } : { code: String(error) });
    const client = deadiff.createClient({ apiKey, baseUrl });
    return Promise.all([
      deadiff.createClient({ apiKey: "dd_live_unknown", baseUrl }).cancel(noJob).catch(told),
      client.create({ input: { prompt: "a fox", steps: 1e9 } }).catch(told),
      client.wait(noJob).catch(told),
      client.upload(new TextEncoder().encode("<svg/>")).catch(told),
    ]);
  }, access());
  expect(refusals).toMatchObject([
    { code: "unauthenticated", status: 401, request: expect.stringMatching(/^req_/) },
    { code: "invalid_input", status: 422, issues: ["input.steps"] },
    { code: "not_found", status: 404 },
    { code: expect.stringContaining("none of image/jpeg") },
  ]);
});

test("Retry-After is read across origins and obeyed", async ({ page, expectConsole }) => {
  expectConsole(/status of (404|429)/);
  await openPage(page);
  const hurried = await makeKey("a hurried page");
  try {
    const waitedMs = await page.evaluate(
      async ({ apiKey, baseUrl, noJob }) => {
        /** One call, and how long it let pass between a refusal and its next try; undefined when it was not refused. */
        const call = async (): Promise<number | undefined> => {
          let refusedAt: number | undefined;
          let waited: number | undefined;
          // Without Retry-After, this client would not wait at all.
          const client = deadiff.createClient({
            apiKey,
            baseUrl,
            random: () => 0,
            fetch: async (url, init) => {
              if (refusedAt !== undefined) waited ??= performance.now() - refusedAt;
              const response = await fetch(url, init);
              if (response.status === 429) refusedAt = performance.now();
              return response;
            },
          });
          await client.cancel(noJob).catch(() => undefined);
          return waited;
        };
        // More than the key may write in a minute.
        for (;;) {
          const waits = (await Promise.all(Array.from({ length: 100 }, call))).filter((waited) => waited !== undefined);
          if (waits.length > 0) return Math.min(...waits);
        }
      },
      { ...access(), apiKey: hurried.secret },
    );
    expect(waitedMs).toBeGreaterThanOrEqual(999);
  } finally {
    await callApi("DELETE", `/keys/${hurried.id}`);
  }
});

test("where streams do not pass, held reads bring the job's end", async ({ page, expectConsole }) => {
  expectConsole(/ERR_FAILED/);
  const { calls } = await openPage(page);
  await page.route("**/v1/jobs/*/events", (route) => route.abort());
  const states = await page.evaluate(async ({ apiKey, baseUrl }) => {
    const seen: string[] = [];
    const client = deadiff.createClient({ apiKey, baseUrl });
    await client.run({ input: { prompt: "test:slow:2", steps: 2 } }, { onUpdate: (update) => update.kind === "job" && seen.push(update.job.state) });
    return seen;
  }, access());
  expect(states.at(-1)).toBe("succeeded");
  expect(states).toEqual([...new Set(states)]);
  expect(calls.filter((call) => call.endsWith("/events")).length).toBeGreaterThanOrEqual(1);
  expect(calls.filter((call) => /^GET \/v1\/jobs\/job_\w+$/.test(call)).length).toBeGreaterThanOrEqual(1);
});

test("a create whose answer is lost on the way is sent again and makes one job", async ({ page, expectConsole }) => {
  expectConsole(/ERR_CONNECTION_RESET/);
  const { calls } = await openPage(page);
  const answered: string[] = [];
  await page.route("**/v1/jobs", async (route) => {
    const response = await route.fetch();
    answered.push(((await response.json()) as { id: string }).id);
    if (answered.length < 3) await route.abort("connectionreset");
    else await route.fulfill({ response });
  });
  const id = await page.evaluate(async ({ apiKey, baseUrl }) => (await deadiff.createClient({ apiKey, baseUrl }).create({ input: { prompt: "a fox", steps: 2 } })).id, access());
  expect(calls.filter((call) => call === "POST /v1/jobs")).toHaveLength(3);
  expect(answered).toEqual([id, id, id]);
});

test("a page cancels a job at work, and one that it no longer waits for", async ({ page }) => {
  await openPage(page);
  const ends = await page.evaluate(async ({ apiKey, baseUrl }) => {
    const client = deadiff.createClient({ apiKey, baseUrl });
    const order = { input: { prompt: "test:slow:60", steps: 2 } };
    const first = await client.create(order);
    let told = false;
    const canceled = await client.wait(first.id, {
      onUpdate: (update) => {
        if (told || update.kind !== "job" || update.job.state !== "running") return;
        told = true;
        void client.cancel(first.id);
      },
    });
    const second = await client.create(order);
    const left = await client.wait(second.id, { signal: AbortSignal.timeout(500), cancelOnAbort: true }).catch((error: unknown) => (error as Error).name);
    return { first: canceled.state, told, left, second: (await client.wait(second.id)).state };
  }, access());
  expect(ends).toEqual({ first: "canceled", told: true, left: "TimeoutError", second: "canceled" });
});

test("a delivery of the platform is verified in the browser, and one that was changed is not", async ({ page }) => {
  const receiver = await startReceiver();
  const { api } = clientWith();
  const endpoint = await api.webhooks.endpoints.create.mutate({ url: RECEIVER.url });
  try {
    await expect.poll(() => receiver.received.length).toBeGreaterThan(0);
    await openPage(page);
    const verdicts = await page.evaluate(
      async ({ body, headers, secret }) => {
        const verdict = (text: string | Uint8Array) => deadiff.verifyWebhook(text, headers, [secret]).then(({ type }) => type, (error: unknown) => (error as Error).name);
        return Promise.all([verdict(body), verdict(new TextEncoder().encode(body)), verdict(`${body} `)]);
      },
      { ...receiver.received[0]!, secret: endpoint.secret },
    );
    expect(verdicts).toEqual(["endpoint.ping", "endpoint.ping", "WebhookVerificationError"]);
  } finally {
    await api.webhooks.endpoints.delete.mutate({ id: endpoint.id });
    await receiver.stop();
  }
});
