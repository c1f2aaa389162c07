import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const schema = z.object({
  /** Folder of optimised graphs. */
  DEADIFF_CACHE: z.string().min(1).optional(),
  /** Where the XDG base directories put caches. */
  XDG_CACHE_HOME: z.string().min(1).optional(),
});

/** Where optimised graphs are kept between runs. */
export function cacheFolder(): string {
  const env = schema.parse(process.env);
  return env.DEADIFF_CACHE ?? join(env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "deadiff");
}
