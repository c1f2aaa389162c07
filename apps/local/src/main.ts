// The whole platform on this machine: `npm start`. Ctrl-C stops all of it; `--once` (or CI=true) makes one picture and ends.
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { FolderInUse, startStack, type Stack } from "@deadiff/infra";
import { freePort } from "@deadiff/schemas/local";
import { childEnv, readLocalEnv, startedByNpm } from "./env.ts";
import { makePicture } from "./first-picture.ts";
import { buildWeb, hasWeb, startWeb } from "./web.ts";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  console.error(`Node ${process.versions.node} is too old for the platform: start it with \`npm start\`, which brings its own.`);
  process.exit(1);
}

const env = readLocalEnv();
const { values } = parseArgs({ options: { once: { type: "boolean", default: false } } });
const once = values.once || env.CI;
const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = resolve(root, env.DEADIFF_DATA);
const picture = resolve(root, env.DEADIFF_PICTURE);
const started = performance.now();
const seconds = (since = started): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const isFree = (port: number): Promise<boolean> =>
  new Promise((answer) => {
    const probe = createServer();
    probe.once("error", () => answer(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => answer(true)));
  });
const portNear = async (wanted: number): Promise<number> => (wanted !== 0 && (await isFree(wanted)) ? wanted : freePort());

const ending = new AbortController();
let stack: Stack | undefined;
const stopAll = async (code: number, graceMs?: number): Promise<never> => {
  await stack?.stop(graceMs);
  process.exit(code);
};
const onSignal = (): void => {
  if (ending.signal.aborted) return void stopAll(130, 0);
  console.log("\nstopping ... (Ctrl-C again: at once)");
  ending.abort(new Error("stopped"));
};
process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);
process.on("SIGHUP", onSignal);
if (startedByNpm()) {
  const parent = process.ppid;
  // npm that is killed says nothing to us.
  setInterval(() => process.ppid !== parent && !ending.signal.aborted && onSignal(), 1000).unref();
}
const stopped = new Promise<void>((done) => ending.signal.addEventListener("abort", () => done()));

const say = (text: string): void => {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${text}`);
};

const firstPicture = async ({ apiUrl, keys }: Stack): Promise<void> => {
  const since = performance.now();
  const prompt = "a mushroom";
  // Of a hand that training never saw.
  const reference = "models/mini/references/pop-art-rocket.png";
  console.log(`making a picture: "${prompt}" in the style of ${reference} ...`);
  const job = await makePicture({
    apiUrl,
    apiKey: keys.live,
    reference: join(root, reference),
    prompt,
    seed: 1,
    file: picture,
    signal: ending.signal,
    onUpdate: (update) => say(update.kind === "job" ? update.job.state : `${update.phase} ${update.step === null ? "" : `step ${update.step}`}`),
  });
  say("");
  console.log(`  picture    ${picture}   (job ${job.id}, ${seconds(since)})`);
};

const web = async (running: Stack): Promise<string> => {
  const since = performance.now();
  const settings = { ...childEnv(), NODE_ENV: "production", API_URL: running.apiUrl };
  let shown = false;
  // A build that is at hand takes a blink; only a long one is worth a word.
  const words = sleep(1500, undefined, { ref: false }).then(() => {
    if (!ending.signal.aborted) console.log("building the web app (at the first start and after changes) ...");
    shown = true;
  });
  await buildWeb(childEnv(), ending.signal, (line) => shown && say(line.slice(0, 100)));
  void words;
  say("");
  const url = await startWeb(running, await portNear(env.WEB_PORT), settings);
  console.log(`  web app    ${url}   (${seconds(since)})`);
  return url;
};

try {
  console.log("starting Postgres, queue, object store, API and worker ...");
  const running = await startStack({ folder, edge: env.DEADIFF_EDGE, apiPort: await portNear(env.PORT), env: childEnv(), signal: ending.signal });
  stack = running;
  const about = { url: running.apiUrl, log: running.logFile };
  running.describe(about);
  console.log(`ready in ${seconds()}
  API        ${running.apiUrl}/v1   (document: ${running.apiUrl}/v1/openapi.json)
  live key   ${running.keys.live}
  test key   ${running.keys.test}
  database   ${running.databaseUrl}
  log        ${running.logFile}`);
  if (once) {
    await firstPicture(running);
    await stopAll(0);
  }
  if (!existsSync(picture)) {
    // The platform stands; a picture that failed is a reason to look, not to end.
    await firstPicture(running).catch((error: unknown) => !ending.signal.aborted && console.error("the first picture failed:", error));
  }
  if (env.DEADIFF_WEB === "on" && hasWeb()) running.describe({ ...about, web: await web(running) });
  console.log("Ctrl-C stops everything.");
  await stopped;
  await stopAll(0);
} catch (error) {
  if (error instanceof FolderInUse) {
    const { pid, url, web: site } = error.holder;
    console.error(`It runs already: ${[site, url].filter(Boolean).map(String).join(", ") || "it is just starting"} (process ${String(pid)}), with its data in ${folder}.
Stop that one first, or set DEADIFF_DATA to another folder to run a second one.`);
    process.exit(1);
  }
  if (ending.signal.aborted) await stopAll(0);
  console.error(error);
  console.error(`the log is ${join(folder, "stack.log")}`);
  await stopAll(1);
}
