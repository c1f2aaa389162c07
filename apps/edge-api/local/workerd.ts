// Serves the API in workerd on this machine, configured by the same environment as on Node. Part of the local stack.
import { fileURLToPath } from "node:url";
import { unstable_startWorker } from "wrangler";
import { isLoopback } from "../src/auth/local.ts";
import { envAsSet, readNodeEnv } from "../src/env.ts";

const env = readNodeEnv();
if (env.LOCAL_ACCOUNT !== undefined && !isLoopback(env.HOST)) throw new Error(`LOCAL_ACCOUNT lets everybody in who reaches this address, and HOST is ${env.HOST}: set one of them only`);
const bindings = Object.fromEntries(Object.entries(envAsSet()).map(([name, value]) => [name, { type: "plain_text" as const, value }]));
const worker = await unstable_startWorker({
  config: fileURLToPath(new URL("../wrangler.jsonc", import.meta.url)),
  bindings,
  dev: { server: { hostname: env.HOST, port: env.PORT }, watch: false, logLevel: "log", persist: false, inspector: env.INSPECTOR_PORT === undefined ? false : { hostname: "127.0.0.1", port: env.INSPECTOR_PORT } },
});
const url = await worker.url;
console.log(JSON.stringify({ time: new Date().toISOString(), level: "info", service: "edge-api", event: "listening", url: url.href.replace(/\/$/, ""), runtime: "workerd" }));

const stop = (): void => {
  void worker.dispose().then(() => process.exit(0));
  setTimeout(() => process.exit(0), 3000).unref();
};
process.once("SIGTERM", stop);
process.once("SIGINT", stop);
// The launcher is gone: nobody else would stop us.
process.once("disconnect", stop);
