import { z } from "zod";

const schema = z.object({ DEADIFF_REPLICA: z.coerce.number().int().min(0).default(0) });

/** Which of a run's replicas this process is: 0 where nobody started it as another. */
export const readReplica = (): number => schema.parse(process.env).DEADIFF_REPLICA;

/** This process's environment for replica `index` of its run. */
export const replicaEnv = (index: number): NodeJS.ProcessEnv => ({ ...process.env, DEADIFF_REPLICA: String(index) });
