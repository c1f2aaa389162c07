import { join } from "node:path";
import type { CommandContext } from "../src/context.ts";
import { run } from "../src/program.ts";

/** Runs the command in this process, in a folder. @param line split at spaces, or the arguments themselves */
export async function deadiffIn(folder: string, line: string | readonly string[], options: Partial<CommandContext> = {}): Promise<{ code: number; out: string; err: string }> {
  const result = { code: 0, out: "", err: "" };
  const context: CommandContext = {
    out: (text) => (result.out += text), err: (text) => (result.err += text), bars: null,
    signal: new AbortController().signal, cwd: folder, cacheFolder: join(folder, "cache"), ...options,
  };
  result.code = await run(typeof line === "string" ? line.split(" ") : line, context);
  return result;
}
