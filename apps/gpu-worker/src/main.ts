// The worker process: `node src/main.ts`. SIGTERM drains it, a second one ends it.
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { pathToFileURL } from "node:url";
import { SQSClient } from "@aws-sdk/client-sqs";
import { announceModel, connect, MODEL_NEWS, outboxDepth, type ModelAbout } from "@deadiff/schemas";
import { crashAt } from "./crash-points.ts";
import { startDelivering } from "./deliver/start.ts";
import { readEnv } from "./env.ts";
import { serveStatus } from "./http.ts";
import { createInference } from "./inference/child.ts";
import { logTo } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { guardedAgent } from "./net/guarded.ts";
import { createDecoder } from "./references/decode.ts";
import { s3Store } from "./store.ts";
import { startTracing } from "./tracing.ts";
import { consume, type Consuming } from "./work/consume.ts";

const env = readEnv();
const log = logTo(`worker-${env.DEADIFF_ROLE}`);
const workerId = `${hostname()}-${process.pid}-${randomBytes(3).toString("hex")}`;
const tracing = env.OTEL_EXPORTER_OTLP_ENDPOINT === undefined ? undefined : await startTracing(`worker-${env.DEADIFF_ROLE}`);
const metrics = createMetrics();
// Statements are short and jobs long: a few connections serve many jobs. Delivering has more loops at once.
const CONNECTIONS = { work: 4, deliver: 5, both: 6 } as const;
// A delivery that waits for its receiver costs a socket: there is room for dozens of endpoints that fall silent at once, four messages each.
const WEBHOOK_SLOTS = 256;
const { db, close } = connect(env.DATABASE_URL, { max: CONNECTIONS[env.DEADIFF_ROLE], name: workerId });
const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_REGION: region } = env;
const credentials = accessKeyId === undefined || secretAccessKey === undefined ? {} : { credentials: { accessKeyId, secretAccessKey } };
const sqs = new SQSClient({ endpoint: new URL("/", env.SQS_QUEUE_URL).href, region, ...credentials });
const store = s3Store({ endpoint: env.S3_ENDPOINT, bucket: env.S3_BUCKET, region, ...credentials });
const netPolicy = { ports: env.DEADIFF_NET_PORTS, alsoAllow: env.DEADIFF_NET_ALLOW };
const agent = guardedAgent(netPolicy, 5000);
const at = crashAt(env.DEADIFF_CRASH_AT);

interface Part {
  readonly isReady: () => boolean;
  readonly stop: () => Promise<void>;
}

let stopping = false;

const work = (): Part => {
  let served: ModelAbout | undefined;
  const announce = (): void => {
    if (served !== undefined) announceModel(db, served).catch((error: unknown) => log("warn", "announce_failed", { error }));
  };
  const announcing = setInterval(announce, MODEL_NEWS.everyS * 1000);
  const inference = createInference({
    entry: env.DEADIFF_INFERENCE_ENTRY === undefined ? new URL("./inference/main.ts", import.meta.url) : pathToFileURL(env.DEADIFF_INFERENCE_ENTRY),
    log,
    rssMaxBytes: env.DEADIFF_INFERENCE_RSS_MB * 1e6,
    jobsMax: 1000,
    abortGraceMs: 5000,
    onModel: (about) => {
      served = about;
      announce();
    },
    loadTimeoutMs: 180_000,
  });
  const decoder = createDecoder();
  const generate: typeof inference.generate = async (request, options) => {
    try {
      return await inference.generate(request, options);
    } finally {
      metrics.inferenceRss.set(inference.rssBytes());
    }
  };
  const shop = { db, store, decoder, agent, netPolicy, generate, log, at, leaseSeconds: env.DEADIFF_LEASE_S };
  // How many jobs the device takes at once is known when the model is loaded. A model that does not load fails its jobs, in words.
  let consuming: Consuming | undefined;
  const listening = inference
    .warm()
    .catch((error: unknown) => log("error", "warm_failed", { error }))
    .then((loaded) => {
      if (!stopping) consuming = consume({ shop, sqs, queueUrl: env.SQS_QUEUE_URL, workerId, metrics, slots: loaded?.slots ?? 1 });
    });
  return {
    isReady: inference.isReady,
    stop: async () => {
      clearInterval(announcing);
      // Still loading: nothing to drain.
      if (consuming === undefined) await inference.stop();
      await listening;
      await consuming?.drain(env.DEADIFF_DRAIN_S * 1000);
      decoder.stop();
      await inference.stop();
    },
  };
};

/** Loaded where mail is sent alone. */
const mailRound = async (smtpUrl: string): Promise<() => Promise<number>> => {
  const { sendMails, smtpMailer } = await import("./deliver/mail.ts");
  const mailer = smtpMailer(smtpUrl, env.MAIL_FROM);
  return () => sendMails(db, mailer, log);
};

const deliver = async (): Promise<Part> => {
  const sendMail = env.SMTP_URL === undefined ? undefined : await mailRound(env.SMTP_URL);
  return { isReady: () => true, ...startDelivering({ db, sqs, store, queueUrl: env.SQS_QUEUE_URL, deadLetterUrl: env.SQS_DEAD_LETTER_URL, sendMail, agent, netPolicy, sign: store.sign, log, metrics, at, slots: WEBHOOK_SLOTS }) };
};
const parts: readonly Part[] = [
  ...(env.DEADIFF_ROLE === "deliver" ? [] : [work()]),
  ...(env.DEADIFF_ROLE === "work" ? [] : [await deliver()]),
];
const status = await serveStatus(env.DEADIFF_STATUS_HOST, env.DEADIFF_STATUS_PORT, metrics, async () => {
  await outboxDepth(db);
  return !stopping && parts.every((part) => part.isReady());
});
log("info", "started", { worker_id: workerId, role: env.DEADIFF_ROLE, status: status.address() });

const stop = (): void => {
  if (stopping) process.exit(1);
  stopping = true;
  log("info", "draining");
  Promise.all(parts.map((part) => part.stop()))
    .then(async () => {
      status.close();
      await agent.close();
      await close();
      // A collector that does not answer shall not keep us.
      await tracing?.stop().catch((error: unknown) => log("warn", "trace_export_failed", { error }));
      log("info", "stopped");
      process.exit(0);
    })
    .catch((error: unknown) => {
      log("error", "stop_failed", { error });
      process.exit(1);
    });
};
process.on("SIGTERM", stop);
// A launcher that forked us is gone: nobody else would stop us.
process.once("disconnect", stop);
process.on("SIGINT", stop);
