// The product as a person meets it, for tests and screenshots: the local stack with the mini model in a scratch folder, and the built
// web server before it; beside it, on the same data, the product as it is hosted, where people sign in. Prints one line of JSON when
// all is up; stops when its input ends.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startStack } from "@deadiff/infra";
import { freePort } from "@deadiff/schemas/local";
import { RECEIVER } from "./receiver.ts";
import type { Served } from "./start-served.ts";

const inherited = Object.fromEntries(["PATH", "HOME", "TMPDIR", "LANG"].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

const folder = await mkdtemp(join(tmpdir(), "studio-"));
const stack = await startStack({
  folder,
  edge: "node",
  durable: false,
  env: inherited,
  workers: 1,
  // Webhooks reach the tests' receiver on this machine, whose certificate is its own.
  workerEnv: { DEADIFF_NET_ALLOW: "127.0.0.1/32", NODE_EXTRA_CA_CERTS: RECEIVER.certificateFile },
});

const next = createRequire(import.meta.url).resolve("next/dist/bin/next");
const startWeb = (port: number, apiUrl: string) => {
  const child = spawn(process.execPath, [next, "start", "-p", String(port), "-H", "127.0.0.1"], {
    cwd: dirname(import.meta.dirname),
    env: { ...inherited, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", API_URL: apiUrl },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return { child, url: `http://127.0.0.1:${port}`, ended: once(child, "exit") };
};

// As docs/deploy.md sets it up: the API knows the web app's origin and signs cookies, and there is no local account.
const hostedPort = await freePort();
const hostedApiPort = await freePort();
const hostedApi = stack.add({
  name: "hosted-edge",
  entry: fileURLToPath(new URL("../../edge-api/src/node.ts", import.meta.url)),
  env: {
    ...inherited,
    DATABASE_URL: stack.databaseUrl,
    S3_ENDPOINT: stack.cloud.endpoint,
    S3_BUCKET: stack.cloud.bucket,
    SQS_QUEUE_URL: stack.cloud.queueUrl,
    AWS_REGION: stack.cloud.region,
    AWS_ACCESS_KEY_ID: stack.cloud.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: stack.cloud.credentials.secretAccessKey,
    PORT: String(hostedApiPort),
    AUTH_SECRET: randomBytes(32).toString("hex"),
    WEB_ORIGINS: `http://127.0.0.1:${hostedPort}`,
  },
  readyEvent: "listening",
});

const webs = [startWeb(await freePort(), stack.apiUrl), startWeb(hostedPort, `http://127.0.0.1:${hostedApiPort}`)] as const;
const [web, hosted] = webs;

const stop = async (code: number): Promise<never> => {
  for (const { child } of webs) child.kill();
  await Promise.all(webs.map(({ ended }) => ended));
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
  process.exit(code);
};

const deadline = Date.now() + 90_000;
await hostedApi.ready();
for (const { child, url } of webs) {
  while (!(await fetch(url).then(({ ok }) => ok, () => false))) {
    if (Date.now() > deadline || child.exitCode !== null) {
      console.error("The web server did not start: was it built (npm run build)?");
      await stop(1);
    }
    await sleep(100);
  }
}

const served: Served = { webUrl: web.url, hostedUrl: hosted.url, apiUrl: stack.apiUrl, key: stack.keys.live };
console.log(JSON.stringify(served));
process.once("SIGTERM", () => void stop(0));
process.once("SIGINT", () => void stop(0));
process.stdin.resume().once("end", () => void stop(0));
