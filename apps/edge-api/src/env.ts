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
});

/** See {@link envSchema}. */
export type Env = z.infer<typeof envSchema>;

/** What the Node entry adds. */
export const readNodeEnv = () =>
  envSchema
    .extend({
      HOST: z.string().default("127.0.0.1"),
      PORT: z.coerce.number().int().min(0).max(65535).default(8787),
      /** How many proxies in front of us append to X-Forwarded-For. */
      TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
    })
    .parse(process.env);
