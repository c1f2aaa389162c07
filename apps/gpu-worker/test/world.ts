import { readFileSync } from "node:fs";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { completeUpload, connect, createAccount, createJobs, createUpload, newId, type Connection, type Db, type Id, type JobKind, type JobRow, type StoredRequest } from "@deadiff/schemas";
import { scratchDatabase } from "@deadiff/schemas/local";
import { afterAll, beforeAll, inject } from "vitest";
import { createInference, type Inference } from "../src/inference/child.ts";
import type { Log } from "../src/log.ts";
import { createMetrics } from "../src/metrics.ts";
import type { NetPolicy } from "../src/net/addresses.ts";
import { guardedAgent } from "../src/net/guarded.ts";
import { createDecoder } from "../src/references/decode.ts";
import { s3Store, type Store } from "../src/store.ts";
import { consume, type Consuming } from "../src/work/consume.ts";
import type { Workshop } from "../src/work/run-job.ts";

export const TLS = {
  key: readFileSync(new URL("./tls/receiver.key", import.meta.url), "utf8"),
  cert: readFileSync(new URL("./tls/receiver.crt", import.meta.url), "utf8"),
};

/** Lets tests deliver to servers of their own on this machine, and only there. */
export const LOOPBACK: NetPolicy = { ports: "any", alsoAllow: ["127.0.0.1/32"], ca: TLS.cert };

export interface World {
  readonly db: Db;
  readonly store: Store;
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly lines: { event: string; fields: Record<string, unknown> | undefined }[];
  readonly shop: Workshop;
  /** Starts a worker; all are drained after the tests. */
  readonly worker: (change?: Partial<Workshop>) => Consuming;
  readonly ring: (id: string, body?: string) => Promise<void>;
}

/** A database and a queue of the test file's own, and workers with an inference process of their own. */
export const useWorld = (): World => {
  let connection: Connection | undefined;
  let world: World | undefined;
  const workers: Consuming[] = [];
  const inferences: Inference[] = [];
  const decoder = createDecoder();
  beforeAll(async () => {
    const opened = connect(await scratchDatabase(inject("postgresUrl")), { max: 10 });
    connection = opened;
    const { endpoint, region, accessKeyId, secretAccessKey } = inject("cloud");
    const credentials = { accessKeyId, secretAccessKey };
    const bucket = newId("request").replace("_", "-");
    await new S3Client({ endpoint, region, credentials, forcePathStyle: true }).send(new CreateBucketCommand({ Bucket: bucket }));
    const sqs = new SQSClient({ endpoint, region, credentials });
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: newId("request") }));
    const queueUrl = `${endpoint}${new URL(QueueUrl!).pathname}`;
    const lines: World["lines"] = [];
    const log: Log = (_, event, fields) => lines.push({ event, fields });
    const store = s3Store({ endpoint, region, bucket, credentials });
    const inference = (): Inference => {
      const made = createInference({ entry: new URL("./tiny-child.ts", import.meta.url), log, rssMaxBytes: 2e9, jobsMax: 1000, abortGraceMs: 500, loadTimeoutMs: 20_000 });
      inferences.push(made);
      return made;
    };
    const idle: Inference[] = [];
    const shop: Workshop = { db: opened.db, store, decoder, agent: guardedAgent(LOOPBACK, 2000), netPolicy: LOOPBACK, generate: () => Promise.reject(new Error("each worker has an inference process of its own")), log, at: () => undefined };
    world = {
      db: opened.db,
      store,
      sqs,
      queueUrl,
      lines,
      shop,
      worker: (change) => {
        const model = idle.pop() ?? inference();
        const consuming = consume({ shop: { ...shop, generate: model.generate, ...change }, sqs, queueUrl, workerId: newId("request"), metrics: createMetrics(), waitTimeSeconds: 1 });
        const made: Consuming = {
          ...consuming,
          drain: async (graceMs) => {
            await consuming.drain(graceMs);
            idle.push(model);
          },
        };
        workers.push(consuming);
        return made;
      },
      ring: async (id, body) => {
        await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body ?? JSON.stringify({ v: 1, job_id: id }) }));
      },
    };
  });
  afterAll(async () => {
    await Promise.all(workers.map((made) => made.drain(5000)));
    await Promise.all(inferences.map((made) => made.stop()));
    decoder.stop();
    await connection?.close();
  });
  return new Proxy({} as World, { get: (_, name) => Reflect.get(world ?? {}, name) as unknown });
};

/** Queues a job whose reference is an upload that lies in the store, of a new account unless an owner is given. */
export const newJob = async (
  world: World,
  picture: { bytes: Uint8Array; sha256: string },
  request: Partial<StoredRequest> = {},
  { owner, mode = "live", webhook = null, credits = 100, kind = "picture" }: { owner?: Id<"account">; kind?: JobKind; mode?: "live" | "test"; webhook?: { url: string; events: string[] } | null; credits?: number } = {},
): Promise<{ accountId: Id<"account">; job: JobRow }> => {
  const accountId = owner ?? (await createAccount(world.db, { name: "t", credits }));
  const upload = await createUpload(world.db, accountId, { content_type: "image/png", bytes: picture.bytes.length, sha256: picture.sha256 });
  await world.store.write(upload.object_key, picture.bytes, "image/png", new AbortController().signal);
  await completeUpload(world.db, accountId, upload.id, { state: "ready", width: 8, height: 8 });
  const { jobs } = await createJobs(world.db, {
    accountId,
    keyId: null,
    kind,
    mode,
    idempotency: null,
    jobs: [
      {
        id: newId("job"),
        price: 1,
        request: { references: [{ image: upload.id, weight: 1, mode: "style", fit: "crop" }], style: null, prompt: "a dog", negative_prompt: "", strength: 1, count: 1, seed: 7, ...request },
      },
    ],
    matrix: null,
    retryOf: null,
    metadata: {},
    webhook,
    startWithinS: 600,
    finishWithinS: 1200,
    retentionS: 3600,
    requestId: newId("request"),
    traceparent: null,
    bellDelayS: 60,
  });
  return { accountId, job: jobs[0]! };
};
