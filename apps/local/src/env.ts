import { z } from "zod";

const port = z.coerce.number().int().min(0).max(65_535);
const onlyOnce = z.string().optional().transform((value) => value !== undefined && value !== "" && value !== "0" && value !== "false");

/** The environment of `npm start`. */
export const localEnvSchema = z.object({
  /** Where everything is kept, relative to the repository. */
  DEADIFF_DATA: z.string().min(1).default(".data"),
  /** Which runtime serves the API. */
  DEADIFF_EDGE: z.enum(["workerd", "node"]).default("workerd"),
  /** The API's port; another free one when it is taken. */
  PORT: port.default(8787),
  /** The web app's port; another free one when it is taken. */
  WEB_PORT: port.default(3000),
  /** The first picture's file, relative to the repository. */
  DEADIFF_PICTURE: z.string().min(1).default("picture.png"),
  /** `off` leaves the web app out. */
  DEADIFF_WEB: z.enum(["on", "off"]).default("on"),
  /** Set by CI systems: make the picture and end. */
  CI: onlyOnce,
});

/** See {@link localEnvSchema}. */
export type LocalEnv = z.infer<typeof localEnvSchema>;

/** Reads {@link localEnvSchema} from the process's environment. */
export const readLocalEnv = (): LocalEnv => localEnvSchema.parse(process.env);

/** What children need of our environment to run at all, and the settings that are theirs. */
export const childEnv = (): Record<string, string> => {
  const system = ["PATH", "HOME", "USERPROFILE", "TMPDIR", "TEMP", "LANG", "SystemRoot", "NODE_EXTRA_CA_CERTS"];
  const ours = Object.keys(process.env).filter((name) => /^(DEADIFF|OTEL)_/.test(name) && !(name in localEnvSchema.shape));
  return Object.fromEntries([...system, ...ours].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
};

/** The process that npm started us through, if it did: npm passes Ctrl-C on, but not its own death. */
export const startedByNpm = (): boolean => process.env["npm_lifecycle_event"] !== undefined;
