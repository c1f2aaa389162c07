import { idSchema } from "@deadiff/schemas";
import { z } from "zod";

/** The environment of the API, the same names in workerd and on Node. */
export const envSchema = z.object({
  DATABASE_URL: z.string().min(1),
  S3_ENDPOINT: z.url(),
  S3_BUCKET: z.string().min(1),
  SQS_QUEUE_URL: z.url(),
  AWS_REGION: z.string().default("us-east-1"),
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  /** Signs the cookies of people who sign in on the web. Without it nobody can; keys work all the same. */
  AUTH_SECRET: z.string().min(32).optional(),
  /** The web app's origins, separated by commas, the public one first. Needed with AUTH_SECRET. */
  WEB_ORIGINS: z
    .string()
    .transform((text) => text.split(",").map((origin) => origin.trim()).filter((origin) => origin !== ""))
    .pipe(z.array(z.url().transform((url) => new URL(url).origin)))
    .optional(),
  /** `queue`: people who sign in confirm their address and can reset their password; the deliverers, with SMTP_URL, send the mail. */
  AUTH_MAIL: z.enum(["off", "queue"]).default("off"),
  /** Whoever asks from this machine uses this account without signing in. Only the local stack sets it; refused on any other host. */
  LOCAL_ACCOUNT: idSchema("account").optional(),
  /** Requests that one process or isolate works on at once, and that wait for their turn; more are answered 503. */
  ACTIVE_REQUESTS: z.coerce.number().int().min(1).max(10_000).default(32),
  QUEUED_REQUESTS: z.coerce.number().int().min(0).max(10_000).default(128),
  /** Long polls and streams that one process or isolate holds open. */
  HELD_REQUESTS: z.coerce.number().int().min(0).max(100_000).default(5000),
  /** The OTLP collector that takes traces, without `/v1/traces`. Without it none are taken. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  /** Headers for the collector: `name=value`, separated by commas. */
  OTEL_EXPORTER_OTLP_HEADERS: z.string().optional(),
});

/** {@link envSchema}'s variables as they are set, to hand on to a runtime that reads them itself. */
export const envAsSet = (): Record<string, string> =>
  Object.fromEntries(Object.keys(envSchema.shape).flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

/** See {@link envSchema}. */
export type Env = z.infer<typeof envSchema>;

/** {@link envSchema} with what the Node entry adds. */
export const nodeEnvSchema = envSchema.extend({
  HOST: z.string().default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65535).default(8787),
  /** Serves /healthz, /readyz and /metrics on this port, for the inside of an installation; not at all when left out. */
  STATUS_HOST: z.string().default("127.0.0.1"),
  STATUS_PORT: z.coerce.number().int().min(0).max(65535).optional(),
  /** How many proxies in front of us append to X-Forwarded-For. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
  /** Where a debugger may look into the isolate; local workerd only. */
  INSPECTOR_PORT: z.coerce.number().int().min(1).max(65535).optional(),
});

/** Reads {@link nodeEnvSchema} from the process's environment. */
export const readNodeEnv = () => nodeEnvSchema.parse(process.env);
