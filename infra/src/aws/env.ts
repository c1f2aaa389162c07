import { z } from "zod";

/** The environment of `npm run synth`. */
export const awsEnvSchema = z.object({
  /** The account that the template is for. */
  CDK_DEFAULT_ACCOUNT: z.string().regex(/^\d{12}$/),
  CDK_DEFAULT_REGION: z.string().default("us-east-1"),
  /** Images of `infra/docker`, where you pushed them. */
  WORKER_GPU_IMAGE: z.string().min(1),
  WORKER_CPU_IMAGE: z.string().min(1),
  /** Origins of the web app and of pages that use the client, separated by commas. */
  WEB_ORIGINS: z.string().transform((text) => text.split(",").map((origin) => origin.trim())).pipe(z.array(z.url()).min(1)),
  WORKERS_MIN: z.coerce.number().int().min(0).default(1),
  WORKERS_MAX: z.coerce.number().int().min(1).default(8),
  ALARM_EMAIL: z.email().optional(),
});

/** Reads {@link awsEnvSchema} from the process's environment. */
export const readAwsEnv = () => awsEnvSchema.parse(process.env);
