import { z } from "zod";

/** What children need of our environment to run at all. */
export const childEnv = (): Record<string, string> =>
  Object.fromEntries(["PATH", "HOME", "TMPDIR", "LANG"].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));

/** The environment of the queue and object store's process. */
export const readCloudEnv = () => z.object({ CLOUD_FOLDER: z.string(), CLOUD_PORT: z.coerce.number().int() }).parse(process.env);
