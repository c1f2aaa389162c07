import { z } from "zod";

/** What children need of our environment to run at all. */
export const childEnv = (): Record<string, string> => {
  const names = ["PATH", "HOME", "TMPDIR", "LANG", "SystemRoot", "NODE_EXTRA_CA_CERTS", "DEADIFF_BUNDLE", "DEADIFF_PROVIDER", "DEADIFF_THREADS"];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
};

/** The environment of the local stack's command. */
export const readStackEnv = () =>
  z.object({ DEADIFF_DATA: z.string().default(".data"), DEADIFF_EDGE: z.enum(["workerd", "node"]).default("workerd"), PORT: z.coerce.number().int().min(0).max(65535).default(8787) }).parse(process.env);
