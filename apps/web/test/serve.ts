// The product as a person meets it, for tests and screenshots: the local stack with the mini model in a scratch folder, and the built
// web server before it. Prints one line of JSON when all is up; stops when its input ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startStack } from "@deadiff/infra";
import { freePort } from "@deadiff/schemas/local";
import type { Served } from "./start-served.ts";

const inherited = Object.fromEntries(["PATH", "HOME", "TMPDIR", "LANG"].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

const folder = await mkdtemp(join(tmpdir(), "studio-"));
const stack = await startStack({ folder, edge: "node", durable: false, env: inherited, workers: 1 });

const port = await freePort();
const webUrl = `http://127.0.0.1:${port}`;
const next = createRequire(import.meta.url).resolve("next/dist/bin/next");
const web = spawn(process.execPath, [next, "start", "-p", String(port), "-H", "127.0.0.1"], {
  cwd: dirname(import.meta.dirname),
  env: { ...inherited, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1", API_URL: stack.apiUrl },
  stdio: ["ignore", "ignore", "inherit"],
});
const ended = once(web, "exit");

const stop = async (code: number): Promise<never> => {
  web.kill();
  await ended;
  await stack.stop();
  await rm(folder, { recursive: true, force: true });
  process.exit(code);
};

const deadline = Date.now() + 90_000;
while (!(await fetch(webUrl).then(({ ok }) => ok, () => false))) {
  if (Date.now() > deadline || web.exitCode !== null) {
    console.error("The web server did not start: was it built (npm run build)?");
    await stop(1);
  }
  await sleep(100);
}

const served: Served = { webUrl, apiUrl: stack.apiUrl, key: stack.keys.live };
console.log(JSON.stringify(served));
process.once("SIGTERM", () => void stop(0));
process.once("SIGINT", () => void stop(0));
process.stdin.resume().once("end", () => void stop(0));
