// Brings the whole platform up on this machine: `node infra/src/start.ts`. Ctrl-C stops all of it.
import { createServer } from "node:net";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { childEnv, readStackEnv } from "./env.ts";
import { startStack } from "./local/stack.ts";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 15)) {
  console.error(`Node ${process.versions.node} is too old for the local stack: start it with \`npm start\`, which brings its own.`);
  process.exit(1);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((answer) => {
    const probe = createServer();
    probe.once("error", () => answer(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => answer(true)));
  });

const env = readStackEnv();
const started = performance.now();
const folder = resolve(fileURLToPath(new URL("../..", import.meta.url)), env.DEADIFF_DATA);
const stack = await startStack({ folder, edge: env.DEADIFF_EDGE, ...((await isFree(env.PORT)) ? { apiPort: env.PORT } : {}), env: childEnv() });
console.log(`ready in ${((performance.now() - started) / 1000).toFixed(1)} s
  API        ${stack.apiUrl}/v1   (document: ${stack.apiUrl}/v1/openapi.json)
  live key   ${stack.keys.live}
  test key   ${stack.keys.test}
  database   ${stack.databaseUrl}
  log        ${stack.logFile}
Ctrl-C stops everything.`);

let stopping = false;
const stop = (): void => {
  if (stopping) return;
  stopping = true;
  console.log("stopping ...");
  void stack.stop().then(() => process.exit(0));
};
process.on("SIGINT", stop);
process.on("SIGTERM", stop);
