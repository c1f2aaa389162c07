import { z } from "zod";

const list = z.string().transform((text) => text.split(",").map((part) => part.trim()).filter((part) => part !== ""));

/** The environment of a worker. */
export const workerEnvSchema = z.object({
  /** `work`: make pictures. `deliver`: relay, sweepers, webhooks; needs no accelerator. `both`: one process for small installations. */
  DEADIFF_ROLE: z.enum(["work", "deliver", "both"]).default("both"),
  DATABASE_URL: z.string().min(1),
      S3_ENDPOINT: z.url(),
      S3_BUCKET: z.string().min(1),
  SQS_QUEUE_URL: z.url(),
  SQS_DEAD_LETTER_URL: z.url().optional(),
  AWS_REGION: z.string().default("us-east-1"),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  /** The module that runs in the inference process; tests bring their own. */
  DEADIFF_INFERENCE_ENTRY: z.string().optional(),
  DEADIFF_INFERENCE_RSS_MB: z.coerce.number().positive().default(4096),
  DEADIFF_DRAIN_S: z.coerce.number().min(0).default(60),
  DEADIFF_LEASE_S: z.coerce.number().positive().default(30),
  DEADIFF_STATUS_HOST: z.string().default("127.0.0.1"),
  DEADIFF_STATUS_PORT: z.coerce.number().int().min(0).max(65535).default(0),
  /** Address ranges beside the public ones that webhooks and references may reach, for installations within one network. */
  DEADIFF_NET_ALLOW: list.default([]),
  DEADIFF_NET_PORTS: z.union([z.literal("any"), list.transform((ports) => ports.map(Number))]).default([443, 8443]),
  /** Where mail is handed in: `smtp://user:password@host:587`, or `smtps://`. Without it none is sent. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().min(3).default("DEADiff Studio <no-reply@localhost>"),
  /** The OTLP collector that takes traces, without `/v1/traces`; the other OTEL_EXPORTER_OTLP_* work too. Without it none are taken. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  /** Kills the process at a named moment: for the fault tests. */
  DEADIFF_CRASH_AT: z.string().optional(),
});

/** Reads {@link workerEnvSchema} from the process's environment. */
export const readEnv = () => workerEnvSchema.parse(process.env);

/** The environment of the inference process. */
export const inferenceEnvSchema = z.object({
  /** The folder of the model bundle; `models/mini` when left out. */
  DEADIFF_BUNDLE: z.string().optional(),
  DEADIFF_PROVIDER: z.enum(["auto", "cpu", "cuda", "webgpu"]).default("auto"),
  /** Jobs that are worked on at once; left out, one on a CPU and eight on a graphics processor, where they share U-Net runs. */
  DEADIFF_SLOTS: z.coerce.number().int().min(1).max(64).optional(),
  DEADIFF_THREADS: z.coerce.number().int().positive().optional(),
});

/** Reads {@link inferenceEnvSchema} from the process's environment. */
export const readInferenceEnv = () => inferenceEnvSchema.parse(process.env);
