import { createHash, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { buildApp } from "fauxqs";
import { verifyPresigned } from "./presigned.ts";

/** A queue and an object store on loopback that speak the SQS and S3 protocols. */
export interface LocalCloud {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly bucket: string;
  readonly queueUrl: string;
  readonly deadLetterUrl: string;
  readonly stop: () => Promise<void>;
}

/** How a {@link LocalCloud} is started. */
export interface LocalCloudOptions {
  /** Where messages and objects lie; without it everything is in memory and gone at the stop. */
  readonly folder?: string;
  readonly port?: number;
  /** Deliveries of one message before it goes to the dead-letter queue. */
  readonly maxReceiveCount?: number;
}

type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>["stores"]>;
type SqsStore = NonNullable<Stores["sqsStore"]>;
type SnsStore = NonNullable<Stores["snsStore"]>;
type S3Store = NonNullable<Stores["s3Store"]>;
type Persistence = NonNullable<SqsStore["persistence"]>;
type ObjectFiles = NonNullable<S3Store["persistence"]> & { loadS3: (store: S3Store) => void; close: () => void };

const REGION = "us-east-1";
const ACCOUNT = "000000000000";
const BUCKET = "deadiff";
const JOBS = "jobs";
const DEAD = "jobs-dead";

/** The parts of the emulator that its package does not export; its version is pinned for their sake. */
const internals = async () => {
  const manifest = findPackageJSON("fauxqs", import.meta.url);
  if (manifest === undefined) throw new Error("the package fauxqs is not installed: run npm ci");
  const load = async (file: string): Promise<unknown> => import(pathToFileURL(join(dirname(manifest), "dist", file)).href);
  return {
    ...((await load("./sqs/sqsStore.js")) as { SqsStore: new () => SqsStore }),
    ...((await load("./sns/snsStore.js")) as { SnsStore: new () => SnsStore }),
    ...((await load("./s3/s3Store.js")) as { S3Store: new () => S3Store }),
    ...((await load("./persistence.js")) as { PersistenceManager: new (folder: string) => Persistence }),
    ...((await load("./s3/fileS3Persistence.js")) as { FileS3Persistence: new (folder: string) => ObjectFiles }),
  };
};

const keptCredentials = async (folder: string | undefined): Promise<LocalCloud["credentials"]> => {
  const made = { accessKeyId: `LOCAL${randomBytes(12).toString("hex").toUpperCase()}`, secretAccessKey: randomBytes(24).toString("hex") };
  if (folder === undefined) return made;
  const file = join(folder, "credentials.json");
  const kept = await readFile(file, "utf8").catch(() => undefined);
  if (kept !== undefined) return JSON.parse(kept) as LocalCloud["credentials"];
  await writeFile(file, JSON.stringify(made), { mode: 0o600 });
  return made;
};

const openStores = async (folder: string | undefined) => {
  const { SqsStore, SnsStore, S3Store, PersistenceManager, FileS3Persistence } = await internals();
  const stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() };
  if (folder === undefined) return { stores, close: () => undefined };

  // The emulator writes NULL into a NOT NULL column when a message is made visible again, and loses the message.
  class MendedPersistence extends PersistenceManager {
    readonly #ready = (this["db"] as DatabaseSync).prepare("UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?");
    override updateMessageReady(messageId: string): void {
      this.#ready.run(messageId);
    }
  }
  const messages = new MendedPersistence(join(folder, "queues"));
  const objects = new FileS3Persistence(join(folder, "objects"));
  messages.loadSqsAndSns(stores.sqsStore, stores.snsStore);
  objects.loadS3(stores.s3Store);
  // Assigned after loading: a store that persists while it loads would delete what it reads.
  stores.sqsStore.persistence = messages;
  stores.s3Store.persistence = objects;
  for (const queue of stores.sqsStore.allQueues()) queue.persistence = messages;
  return {
    stores,
    close: () => {
      messages.close();
      objects.close();
    },
  };
};

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, PUT, HEAD",
  "access-control-allow-headers": "*",
  "access-control-expose-headers": "etag",
  "access-control-max-age": "600",
};

const s3Error = (code: string, message: string): string => `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;

/**
 * Starts the emulator with what it lacks: it listens on loopback only, checks presigned addresses in full, answers CORS
 * preflights, honours `If-None-Match: *` and checksums on PUT, and keeps messages that become visible again. Requests signed in
 * their headers are known by their access key, which is random and never leaves the machine.
 */
export const startLocalCloud = async (options: LocalCloudOptions = {}): Promise<LocalCloud> => {
  if (options.folder !== undefined) await mkdir(options.folder, { recursive: true });
  const credentials = await keptCredentials(options.folder);
  const { stores, close } = await openStores(options.folder);
  const app = buildApp({ logger: false, defaultRegion: REGION, stores });

  app.addHook("onRequest", async (request, reply) => {
    const target = request.raw.url ?? "/";
    const presigned = target.includes("X-Amz-Signature=");
    if (presigned || request.method === "OPTIONS") reply.headers(CORS);
    if (request.method === "OPTIONS") return reply.status(204).send();
    if (target === "/health") return undefined;
    if (presigned) {
      const signed = { method: request.method, target, headers: request.headers, nowMs: Date.now() };
      const verdict = verifyPresigned(signed, credentials.accessKeyId, credentials.secretAccessKey);
      if (verdict !== "valid") return reply.status(403).type("application/xml").send(s3Error(verdict === "expired" ? "AccessDenied" : "SignatureDoesNotMatch", verdict));
    } else if (!(request.headers.authorization ?? "").includes(`Credential=${credentials.accessKeyId}/`)) {
      return reply.status(403).type("application/xml").send(s3Error("InvalidAccessKeyId", "unknown access key"));
    }
    if (request.method === "PUT" && request.headers["if-none-match"] === "*") {
      const [, bucket = "", ...parts] = decodeURIComponent(target.split("?")[0] ?? "").split("/");
      const key = parts.join("/");
      const page = stores.s3Store.listObjects(bucket, { prefix: key, maxKeys: 1 });
      if (page.objects.some((object) => object.key === key)) return reply.status(412).type("application/xml").send(s3Error("PreconditionFailed", "the object exists"));
    }
    return undefined;
  });
  app.addHook("preHandler", async (request, reply) => {
    const claimed = request.headers["x-amz-checksum-sha256"];
    if (request.method !== "PUT" || claimed === undefined || !Buffer.isBuffer(request.body)) return undefined;
    if (createHash("sha256").update(request.body).digest("base64") === claimed) return undefined;
    return reply.status(400).type("application/xml").send(s3Error("BadDigest", "the body is not the one that was announced"));
  });
  app.addHook("preClose", close);

  const endpoint = await app.listen({ host: "127.0.0.1", port: options.port ?? 0 });
  const urlOf = (name: string) => `${endpoint}/${ACCOUNT}/${name}`;
  const arnOf = (name: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
  const queue = (name: string, attributes: Record<string, string>) => {
    if (stores.sqsStore.getQueueByName(name) === undefined) stores.sqsStore.createQueue(name, urlOf(name), arnOf(name), attributes);
  };
  queue(DEAD, { MessageRetentionPeriod: String(14 * 24 * 3600) });
  queue(JOBS, {
    VisibilityTimeout: "60",
    MessageRetentionPeriod: String(4 * 24 * 3600),
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(DEAD), maxReceiveCount: options.maxReceiveCount ?? 10 }),
  });
  if (!stores.s3Store.hasBucket(BUCKET)) stores.s3Store.createBucket(BUCKET);
  return { endpoint, region: REGION, credentials, bucket: BUCKET, queueUrl: urlOf(JOBS), deadLetterUrl: urlOf(DEAD), stop: () => app.close() };
};
