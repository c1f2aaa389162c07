import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect, createAccount, createKey, SCOPES, type Id } from "@deadiff/schemas";
import { freePort, migrate, startPostgres, type LocalPostgres } from "@deadiff/schemas/local";
import { startLocalCloud, type LocalCloud } from "./cloud.ts";
import { holdFolder } from "./hold-folder.ts";
import { manageProcess, type ManagedProcess, type ProcessOptions } from "./process.ts";
import { WORKER_NODE_ARGS } from "../node-args.ts";

/** How the local stack is started. */
export interface StackOptions {
  /** Everything that is kept lies here: database, messages, pictures, keys, log. */
  readonly folder: string;
  /** Which runtime serves the API. */
  readonly edge: "workerd" | "node";
  /** Any free port when left out. */
  readonly apiPort?: number;
  /** Passed on to the children: PATH and the like, and settings of theirs. */
  readonly env: Readonly<Record<string, string>>;
  /** Settings of the worker processes alone. */
  readonly workerEnv?: Readonly<Record<string, string>>;
  /** How many processes make pictures. */
  readonly workers?: number;
  /** False: commits do not wait for the disk. */
  readonly durable?: boolean;
  readonly onLine?: (name: string, line: string) => void;
  readonly restart?: boolean;
  /** Gives the start up; what was started by then is stopped. */
  readonly signal?: AbortSignal;
}

/** The running stack. */
export interface Stack {
  readonly apiUrl: string;
  readonly databaseUrl: string;
  readonly cloud: LocalCloud;
  readonly postgres: LocalPostgres;
  readonly accountId: Id<"account">;
  /** A live and a test key of the local account; kept in the folder. */
  readonly keys: { readonly live: string; readonly test: string };
  readonly edge: ManagedProcess;
  readonly workers: readonly ManagedProcess[];
  readonly deliver: ManagedProcess;
  readonly logFile: string;
  /** Starts another process of the installation; it ends with the stack. */
  readonly add: (options: Omit<ProcessOptions, "onLine" | "restart">) => ManagedProcess;
  /** Tells those who try to start a second stack on the folder who we are. */
  readonly describe: (holder: Readonly<Record<string, unknown>>) => void;
  /** Ends everything in order; what takes longer than `graceMs` is killed. */
  readonly stop: (graceMs?: number) => Promise<void>;
}

const app = (path: string): string => fileURLToPath(new URL(`../../../apps/${path}`, import.meta.url));

interface Kept {
  readonly accountId: Id<"account">;
  readonly keys: { readonly live: string; readonly test: string };
}

const localAccount = async (databaseUrl: string, folder: string): Promise<Kept> => {
  const file = join(folder, "account.json");
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept) as Kept;
  const { db, close } = connect(databaseUrl, { max: 1 });
  try {
    const accountId = await createAccount(db, { name: "local", credits: 1_000_000, runningLimit: 40, queuedLimit: 1000 });
    const make = async (mode: "live" | "test") => (await createKey(db, accountId, { name: `local ${mode}`, mode, scopes: [...SCOPES], ip_allow: [] })).secret;
    const made = { accountId, keys: { live: await make("live"), test: await make("test") } };
    await writeFile(file, JSON.stringify(made), { mode: 0o600 });
    return made;
  } finally {
    await close();
  }
};

const READY_WITHIN_MS = 120_000;

/**
 * Starts Postgres, the queue, the object store, the API and the workers: the same programs as in production, on loopback. What an
 * earlier run left behind, in order or killed, is found and used. Throws `FolderInUse` when a stack runs on the folder; whatever
 * goes wrong, nothing that was started stays.
 */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const { folder, signal } = options;
  await mkdir(folder, { recursive: true });
  const stops = new AsyncDisposableStack();
  const children: ManagedProcess[] = [];
  let graceMs = 10_000;
  try {
    const hold = holdFolder(folder);
    stops.defer(hold.release);
    const logFile = join(folder, "stack.log");
    const log = createWriteStream(logFile, { flags: "a" });
    stops.defer(() => new Promise<void>((resolve) => log.end(resolve)));
    const onLine = (name: string, line: string): void => {
      log.write(line.startsWith("{") ? `${line}\n` : `${JSON.stringify({ time: new Date().toISOString(), level: "info", service: name, event: "output", line })}\n`);
      options.onLine?.(name, line);
    };

    const starting = await Promise.allSettled([
      startPostgres({ folder: join(folder, "postgres"), onLog: (line) => onLine("postgres", line), durable: options.durable ?? true }),
      startLocalCloud({ folder: join(folder, "cloud") }),
    ]);
    const [database, objects] = starting;
    if (database.status === "fulfilled") stops.defer(database.value.stop);
    if (objects.status === "fulfilled") stops.defer(objects.value.stop);
    if (database.status === "rejected") throw database.reason;
    if (objects.status === "rejected") throw objects.reason;
    const [postgres, cloud] = [database.value, objects.value];
    signal?.throwIfAborted();
    await postgres.createDatabase("deadiff");
    const databaseUrl = postgres.url("deadiff");
    await migrate(databaseUrl);
    const { accountId, keys } = await localAccount(databaseUrl, folder);
    signal?.throwIfAborted();

    const env = {
      ...options.env,
      DATABASE_URL: databaseUrl,
      S3_ENDPOINT: cloud.endpoint,
      S3_BUCKET: cloud.bucket,
      SQS_QUEUE_URL: cloud.queueUrl,
      SQS_DEAD_LETTER_URL: cloud.deadLetterUrl,
      AWS_REGION: cloud.region,
      AWS_ACCESS_KEY_ID: cloud.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: cloud.credentials.secretAccessKey,
      // Chosen here, so that an API that is started again is found where it was.
      PORT: String(options.apiPort ?? (await freePort())),
      // Shorter than our own patience at the end: a job at hand is given back, not lost.
      DEADIFF_DRAIN_S: "5",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_SEND_ERROR_REPORTS: "false",
      WRANGLER_HIDE_BANNER: "true",
      WRANGLER_LOG_PATH: join(folder, "wrangler"),
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      DO_NOT_TRACK: "1",
    };
    stops.defer(async () => {
      await Promise.all(children.map((child) => child.stop(graceMs)));
    });
    const add: Stack["add"] = (process) => {
      const child = manageProcess({ onLine, restart: options.restart ?? true, ...process });
      children.push(child);
      return child;
    };
    const worker = (name: string, role: "work" | "deliver") =>
      add({ name, entry: app("gpu-worker/src/main.ts"), nodeArgs: WORKER_NODE_ARGS, env: { ...env, ...options.workerEnv, DEADIFF_ROLE: role }, readyEvent: "started" });
    const edge = add({ name: "edge", entry: app(options.edge === "workerd" ? "edge-api/local/workerd.ts" : "edge-api/src/node.ts"), env: { ...env, LOCAL_ACCOUNT: accountId }, readyEvent: "listening" });
    const deliver = worker("deliver", "deliver");
    const workers = Array.from({ length: options.workers ?? 1 }, (_, i) => worker(`work-${i + 1}`, "work"));

    const given = AbortSignal.any([AbortSignal.timeout(READY_WITHIN_MS), ...(signal === undefined ? [] : [signal])]);
    const over = new Promise<never>((_, reject) =>
      given.addEventListener("abort", () => reject(signal?.aborted === true ? toError(signal.reason) : new Error(`the stack was not ready within ${READY_WITHIN_MS / 1000} s: see ${logFile}`))),
    );
    // The listener outlives the race.
    over.catch(() => undefined);
    const [listening] = await Promise.race([Promise.all(children.map((child) => child.ready())), over]);
    const apiUrl = String(listening?.["url"]);
    const running = stops.move();
    return {
      apiUrl, databaseUrl, cloud, postgres, accountId, keys, edge, workers, deliver, logFile, add,
      describe: hold.describe,
      stop: async (within) => {
        graceMs = within ?? graceMs;
        await running.disposeAsync();
      },
    };
  } catch (error) {
    await stops.disposeAsync();
    throw error;
  }
};

const toError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error("given up", { cause: reason }));
