import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect, createAccount, createKey, SCOPES, type Id } from "@deadiff/schemas";
import { freePort, migrate, startPostgres, type LocalPostgres } from "@deadiff/schemas/local";
import { startLocalCloud, type LocalCloud } from "./cloud.ts";
import { manageProcess, type ManagedProcess } from "./process.ts";

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
  readonly stop: () => Promise<void>;
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

/**
 * Starts Postgres, the queue, the object store, the API and the workers: the same programs as in production, on loopback. What an
 * earlier run left behind, in order or killed, is found and used.
 */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const { folder } = options;
  await mkdir(folder, { recursive: true });
  const logFile = join(folder, "stack.log");
  const log = createWriteStream(logFile, { flags: "a" });
  const onLine = (name: string, line: string): void => {
    log.write(line.startsWith("{") ? `${line}\n` : `${JSON.stringify({ time: new Date().toISOString(), level: "info", service: name, event: "output", line })}\n`);
    options.onLine?.(name, line);
  };
  const [postgres, cloud] = await Promise.all([
    startPostgres({ folder: join(folder, "postgres"), onLog: (line) => onLine("postgres", line), durable: options.durable ?? true }),
    startLocalCloud({ folder: join(folder, "cloud") }),
  ]);
  await postgres.createDatabase("deadiff");
  const databaseUrl = postgres.url("deadiff");
  await migrate(databaseUrl);
  const { accountId, keys } = await localAccount(databaseUrl, folder);

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
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: join(folder, "wrangler"),
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    DO_NOT_TRACK: "1",
  };
  const common = { onLine, restart: options.restart ?? true };
  const worker = (name: string, role: "work" | "deliver") =>
    manageProcess({ ...common, name, entry: app("gpu-worker/src/main.ts"), env: { ...env, ...options.workerEnv, DEADIFF_ROLE: role }, readyEvent: "started" });
  const edge = manageProcess({ ...common, name: "edge", entry: app(options.edge === "workerd" ? "edge-api/local/workerd.ts" : "edge-api/src/node.ts"), env, readyEvent: "listening" });
  const deliver = worker("deliver", "deliver");
  const workers = Array.from({ length: options.workers ?? 1 }, (_, i) => worker(`work-${i + 1}`, "work"));
  const stop = async (): Promise<void> => {
    await Promise.all([edge, deliver, ...workers].map((child) => child.stop()));
    await cloud.stop();
    await postgres.stop();
    await new Promise<void>((resolve) => log.end(resolve));
  };
  const timeout = AbortSignal.timeout(60_000);
  const ready = Promise.all([edge.ready(), deliver.ready(), ...workers.map((child) => child.ready())]);
  const late = new Promise<never>((_, reject) => timeout.addEventListener("abort", () => reject(new Error(`the stack was not ready within 60 s: see ${logFile}`))));
  try {
    const [listening] = await Promise.race([ready, late]);
    const apiUrl = String(listening["url"]);
    return { apiUrl, databaseUrl, cloud, postgres, accountId, keys, edge, workers, deliver, logFile, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
