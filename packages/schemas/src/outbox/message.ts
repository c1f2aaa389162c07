import { z } from "zod";
import { idSchema } from "../ids.ts";

/** What travels through the queue: a pointer. Prompts, addresses and secrets stay in the database. */
export const jobMessageSchema = z.strictObject({ v: z.literal(1), job_id: idSchema("job") });

/** See {@link jobMessageSchema}. */
export type JobMessage = z.infer<typeof jobMessageSchema>;
