import { z } from "zod";

/** The environment of the migration command. */
export const readEnv = () => z.object({ DATABASE_URL: z.url() }).parse(process.env);
