import { z } from "zod";

/** The web server's environment, read when it runs: one build serves every deployment. */
export const readEnv = () =>
  z
    .object({
      /** Where the API listens. */
      API_URL: z.url().default("http://127.0.0.1:8787"),
      /** Where integrators reach the API, if that is elsewhere: the reference and the console name it. */
      API_PUBLIC_URL: z.url().optional(),
    })
    .parse(process.env);
