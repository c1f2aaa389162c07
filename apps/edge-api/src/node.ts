// The entry for Node: `node src/node.ts`.
import { serve } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { connect, outboxDepth } from "@deadiff/schemas";
import { accessOf, admissionOf, cloudOf, LOCK_TIMEOUT_MS, logTo, tracingOf } from "./adapters.ts";
import { isLoopback } from "./auth/local.ts";
import { createApp } from "./app.ts";
import { readNodeEnv } from "./env.ts";
import { ringAlone, ringTogether } from "./ports/bells.ts";
import { watchTogether } from "./ports/changes.ts";
import { rememberedPlaces } from "./ports/queue-places.ts";
import { serveStatus } from "./status.ts";

const env = readNodeEnv();
if (env.LOCAL_ACCOUNT !== undefined && !isLoopback(env.HOST)) throw new Error(`LOCAL_ACCOUNT lets everybody in who reaches this address, and HOST is ${env.HOST}: set one of them only`);
// Standard output is written synchronously: once a turn of the event loop, not once a line.
let lines = "";
const writeLines = (): void => {
  process.stdout.write(lines);
  lines = "";
};
// Nobody reads any more: there is nowhere to tell.
process.stdout.on("error", () => undefined);
process.once("exit", writeLines);
const log = logTo((line) => {
  if (lines === "") setImmediate(writeLines);
  lines += `${line}\n`;
});
const pool = connect(env.DATABASE_URL, { max: 10, lockTimeoutMs: LOCK_TIMEOUT_MS, name: "edge" });
const shared = { db: pool.db, close: () => Promise.resolve() };
const status = env.STATUS_PORT === undefined ? undefined : serveStatus(env.STATUS_HOST, env.STATUS_PORT, () => outboxDepth(pool.db));
const connectShared = () => shared;
const { store, queue } = cloudOf(env);
const tracing = tracingOf(env, log);
const services = {
  store,
  ring: ringTogether(ringAlone({ queue, connect: connectShared, log, tracing })),
  ...accessOf(env),
  admission: admissionOf(env),
  queuePlaces: rememberedPlaces(),
  connect: connectShared,
  watchChanges: watchTogether(pool.db),
  log,
  tracing,
  ...(status === undefined ? {} : { count: status.count }),
  after: (work: Promise<unknown>) => void work.catch((error: unknown) => log("error", "after_failed", { error: String(error) })),
};

const app = createApp({
  services: () => services,
  ip: (c) => {
    const hops = (c.req.header("x-forwarded-for") ?? "").split(",").map((hop) => hop.trim());
    return env.TRUSTED_PROXIES > 0 ? hops.at(-env.TRUSTED_PROXIES) : getConnInfo(c).remote.address;
  },
});

// A request that is not whole by then is not coming.
const REQUEST_TIMEOUT_MS = 30_000;
const server = serve({ fetch: app.fetch, hostname: env.HOST, port: env.PORT, serverOptions: { requestTimeout: REQUEST_TIMEOUT_MS } }, ({ port }) => log("info", "listening", { url: `http://${env.HOST}:${port}`, status: status?.server.address() }));

const stop = (): void => {
  status?.server.close();
  server.close(() => void pool.close().then(() => process.exit(0)));
  // Streams stay open as long as their readers like: they resume elsewhere by Last-Event-ID.
  setTimeout(() => process.exit(0), 5000).unref();
};
process.once("SIGTERM", stop);
// A launcher that forked us is gone: nobody else would stop us.
process.once("disconnect", stop);
process.once("SIGINT", stop);
