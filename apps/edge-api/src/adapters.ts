import { createAdmission } from "./admission.ts";
import type { Env } from "./env.ts";
import { sqsJobQueue } from "./ports/job-queue.ts";
import { s3ObjectStore } from "./ports/object-store.ts";
import { parseKeyPairsIntoRecord } from "@opentelemetry/core";
import type { Log, Services } from "./ports/services.ts";
import { createTracing, type Tracing } from "./tracing.ts";

/** The queue and the object store that the environment names. */
export const cloudOf = (env: Env) => {
  const access = { region: env.AWS_REGION, accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY };
  return {
    store: s3ObjectStore({ ...access, endpoint: env.S3_ENDPOINT, bucket: env.S3_BUCKET }),
    queue: sqsJobQueue({ ...access, queueUrl: env.SQS_QUEUE_URL }),
  };
};

/** Who may use the API without a key, as the environment says. Throws for settings that do not go together. */
export const accessOf = (env: Env): Pick<Services, "auth" | "localAccount"> => {
  const [first, ...others] = env.WEB_ORIGINS ?? [];
  if (env.AUTH_SECRET !== undefined && first === undefined) throw new Error("AUTH_SECRET is set and WEB_ORIGINS is not: say where the web app is");
  return { auth: env.AUTH_SECRET === undefined || first === undefined ? null : { secret: env.AUTH_SECRET, origins: [first, ...others], mail: env.AUTH_MAIL === "queue" }, localAccount: env.LOCAL_ACCOUNT ?? null };
};

/** How much this process or isolate takes on at once. */
export const admissionOf = (env: Env) => createAdmission({ active: env.ACTIVE_REQUESTS, queued: env.QUEUED_REQUESTS, held: env.HELD_REQUESTS });

/** Traces to the collector that the environment names, if it names one. */
export const tracingOf = (env: Env, log: Log): Tracing | undefined =>
  env.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
    ? undefined
    : createTracing({
        endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
        headers: parseKeyPairsIntoRecord(env.OTEL_EXPORTER_OTLP_HEADERS),
        onError: (error) => log("warn", "trace_export_failed", { error: String(error) }),
      });

/** One line of JSON per event, for `write` to bring where the runtime's log collector reads. */
export const logTo =
  (write: (line: string) => void): Log =>
  (level, event, fields) =>
    write(JSON.stringify({ time: new Date().toISOString(), level, service: "edge-api", event, ...fields }));

/** Creates wait this long for another create with the same idempotency key, then answer 409. */
export const LOCK_TIMEOUT_MS = 2000;
