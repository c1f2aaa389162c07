import { createWriteStream } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { hostImage } from "@deadiff/core";
import { encodePng, writeRandomBundle } from "@deadiff/core/node";
import { manageProcess, WORKER_NODE_ARGS, type ManagedProcess } from "@deadiff/infra";
import { connect, type Connection } from "@deadiff/schemas";
import { freePort, migrate } from "@deadiff/schemas/local";
import { childEnv } from "../env.ts";
import { openLink, type Link } from "../faults/link.ts";
import { openQueueLayer, type QueueLayer } from "../faults/queue-layer.ts";
import { openLog, type Log } from "../oracle/facts.ts";
import { randomFrom } from "../random.ts";
import { startDatabase, type Database } from "./postgres.ts";
import { openReceiver, RECEIVER_CA, type Receiver } from "./receiver.ts";

/** A process under test and the links to what it depends on. */
export interface Member {
  readonly name: string;
  readonly process: ManagedProcess;
  readonly links: { readonly pg: Link; readonly sqs: Link; readonly s3: Link };
  /** When it last died, by the worker id it had. */
  readonly deaths: { readonly worker: string; readonly at: number }[];
  /** Its log lines since the start. */
  readonly lines: Record<string, unknown>[];
}

/** How a world is made. */
export interface WorldOptions {
  readonly folder: string;
  readonly seed: number;
  readonly edge: "node" | "workerd";
  readonly workers: number;
  /** How long a worker's claim lasts without a heartbeat. */
  readonly leaseS: number;
  /** True: processes reach their services without the links in between, to be measured. */
  readonly direct?: boolean;
  /** The model's bundle; a tiny one made for the occasion when left out. */
  readonly bundle?: string;
  /** Settings of the API's process. */
  readonly edgeEnv?: Readonly<Record<string, string>>;
}

/** The whole platform as processes, with a fault on every link to switch on. */
export interface World {
  readonly options: WorldOptions;
  readonly apiUrl: string;
  readonly database: Database;
  /** The tests' own connection, past all faults. */
  readonly connection: Connection;
  readonly cloud: ManagedProcess;
  readonly queue: QueueLayer;
  readonly queueUrl: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly region: string; readonly bucket: string; readonly endpoint: string };
  readonly edge: Member;
  readonly workers: readonly Member[];
  readonly deliver: Member;
  readonly members: readonly Member[];
  readonly receiver: Receiver;
  /** Between dispatcher and receiver. */
  readonly receiverLink: Link;
  readonly log: Log;
  /** A picture to use as a reference. */
  readonly picture: Uint8Array;
  /** Starts one more process of a role, gone with {@link World.calm}. */
  readonly another: (role: "work" | "deliver") => Promise<Member>;
  /** Points every link at the database's present port. */
  readonly reconnect: () => void;
  /** Ends all faults, sees that every process runs as at the start. */
  readonly calm: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const app = (path: string): string => fileURLToPath(new URL(`../../../../apps/${path}`, import.meta.url));

const eventIn = (line: string): Record<string, unknown> => {
  if (!line.startsWith("{")) return { event: "output", line };
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return { event: "output", line };
  }
};

/** Starts everything and waits until all is ready. */
export const startWorld = async (options: WorldOptions): Promise<World> => {
  const { folder } = options;
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  const output = createWriteStream(join(folder, "processes.log"), { flags: "a" });
  const log = openLog(join(folder, "oracle.jsonl"));
  const bundle = options.bundle ?? join(folder, "bundle");
  if (options.bundle === undefined) await writeRandomBundle(bundle, { size: 32 });
  const database = await startDatabase(join(folder, "postgres"));
  await migrate(database.url());
  let connection = connect(database.url(), { max: 4, name: "harness" });

  const onLine = (name: string, line: string): void => {
    output.write(`${name} ${line}\n`);
  };
  const cloudPort = await freePort();
  const cloud = manageProcess({
    name: "cloud",
    entry: fileURLToPath(new URL("./cloud.ts", import.meta.url)),
    env: { ...childEnv(), CLOUD_FOLDER: join(folder, "cloud"), CLOUD_PORT: String(cloudPort) },
    onLine,
    restart: true,
    readyEvent: "cloud_ready",
  });
  const access = await cloud.ready();
  const endpoint = `http://127.0.0.1:${cloudPort}`;
  const queue = await openQueueLayer(endpoint, randomFrom(options.seed));
  const receiver = await openReceiver(({ name, body, headers }, answered) => {
    const text = (header: string): string => String(headers[header] ?? "");
    log.note({ kind: "webhook", endpoint: name, id: text("webhook-id"), body, timestamp: text("webhook-timestamp"), signature: text("webhook-signature"), answered });
  });
  const receiverLink = await openLink(receiver.port);

  const common = {
    ...childEnv(),
    S3_BUCKET: String(access["bucket"]),
    AWS_REGION: String(access["region"]),
    AWS_ACCESS_KEY_ID: String(access["accessKeyId"]),
    AWS_SECRET_ACCESS_KEY: String(access["secretAccessKey"]),
    DEADIFF_LEASE_S: String(options.leaseS),
    DEADIFF_BUNDLE: bundle,
    DEADIFF_PROVIDER: "cpu",
    DEADIFF_THREADS: "1",
    DEADIFF_NET_ALLOW: "127.0.0.1/32",
    DEADIFF_NET_PORTS: "any",
    NODE_EXTRA_CA_CERTS: RECEIVER_CA,
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: join(folder, "wrangler"),
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    DO_NOT_TRACK: "1",
  };
  const member = async (name: string, entry: string, readyEvent: string, env: Record<string, string>, nodeArgs: readonly string[] = []): Promise<Member> => {
    const links = { pg: await openLink(database.port()), sqs: await openLink(queue.port), s3: await openLink(cloudPort) };
    const ports = options.direct === true ? { pg: database.port(), sqs: cloudPort, s3: cloudPort } : { pg: links.pg.port, sqs: links.sqs.port, s3: links.s3.port };
    const url = new URL(database.url());
    url.port = String(ports.pg);
    const deaths: Member["deaths"] = [];
    const lines: Member["lines"] = [];
    let worker = "";
    const process = manageProcess({
      name,
      entry,
      nodeArgs,
      readyEvent,
      restart: true,
      onLine: (who, line) => {
        onLine(who, line);
        const event = eventIn(line);
        lines.push(event);
        if (event["event"] === "started") worker = String(event["worker_id"]);
        if (event["event"] === "process_ended") deaths.push({ worker, at: Date.now() });
      },
      env: {
        ...common,
        ...env,
        DATABASE_URL: url.href,
        SQS_QUEUE_URL: `http://127.0.0.1:${ports.sqs}/000000000000/jobs`,
        SQS_DEAD_LETTER_URL: `http://127.0.0.1:${ports.sqs}/000000000000/jobs-dead`,
        S3_ENDPOINT: `http://127.0.0.1:${ports.s3}`,
      },
    });
    return { name, process, links, deaths, lines };
  };
  const apiPort = await freePort();
  const worker = (name: string, role: string) => member(name, app("gpu-worker/src/main.ts"), "started", { DEADIFF_ROLE: role, DEADIFF_DRAIN_S: "5" }, WORKER_NODE_ARGS);
  const edge = await member("edge", app(options.edge === "node" ? "edge-api/src/node.ts" : "edge-api/local/workerd.ts"), "listening", { PORT: String(apiPort), ...options.edgeEnv });
  const deliver = await worker("deliver", "deliver");
  const workers = await Promise.all(Array.from({ length: options.workers }, (_, i) => worker(`work-${i + 1}`, "work")));
  const members = [edge, deliver, ...workers];
  const extra: Member[] = [];
  let stopped = false;
  const ready = async (): Promise<void> => {
    await Promise.all([cloud, ...members.map(({ process }) => process)].map((one) => one.ready()));
  };
  const close = async (one: Member): Promise<void> => {
    await one.process.stop();
    for (const link of Object.values(one.links)) link.close();
  };
  await ready();

  return {
    options,
    apiUrl: `http://127.0.0.1:${apiPort}`,
    database,
    get connection() {
      return connection;
    },
    cloud,
    queue,
    queueUrl: `${endpoint}/000000000000/jobs`,
    credentials: { accessKeyId: common.AWS_ACCESS_KEY_ID, secretAccessKey: common.AWS_SECRET_ACCESS_KEY, region: common.AWS_REGION, bucket: common.S3_BUCKET, endpoint },
    edge,
    workers,
    deliver,
    members,
    receiver,
    receiverLink,
    log,
    picture: await encodePng(hostImage(20, 12, Uint8Array.from({ length: 720 }, (_, i) => (i * 7) % 256))),
    another: async (role) => {
      const made = await worker(`${role}-extra-${extra.length + 1}`, role);
      extra.push(made);
      await made.process.ready();
      return made;
    },
    reconnect: () => {
      void connection.close();
      connection = connect(database.url(), { max: 4, name: "harness" });
      for (const { links } of [...members, ...extra]) links.pg.retarget(database.port());
    },
    calm: async () => {
      // A case that is interrupted ends with errors of all kinds; nothing may be started again then.
      if (stopped) throw new Error("the world was stopped");
      queue.set({});
      receiverLink.set({ kind: "none" });
      for (const { links } of members) {
        for (const link of Object.values(links)) {
          link.set({ kind: "none" });
          link.tap(undefined);
        }
      }
      await Promise.all(extra.splice(0).map(close));
      for (const { process } of members) if (process.pid() === undefined) process.start();
      await ready();
    },
    stop: async () => {
      stopped = true;
      await Promise.all([...extra, ...members].map(close));
      await connection.close();
      await cloud.stop();
      await queue.close();
      receiverLink.close();
      receiver.close();
      await database.stop();
      await log.close();
      await new Promise<void>((resolve) => output.end(resolve));
    },
  };
};
