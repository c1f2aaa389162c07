import { z } from "zod";

/** The web server's environment. */
export const webEnvSchema = z.object({
  /** Where the API listens. */
  API_URL: z.url().default("http://127.0.0.1:8787"),
  /** Where integrators reach the API, if that is elsewhere: the reference and the console name it. */
  API_PUBLIC_URL: z.url().optional(),
});

/** Reads {@link webEnvSchema} from the process's environment, when it runs: one build serves every deployment. */
export const readEnv = () => webEnvSchema.parse(process.env);
