import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { glob } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

const find = async (): Promise<string | undefined> => {
  for await (const path of glob("/usr/lib/postgresql/*/bin/pgbench")) return path;
  return ["/usr/bin/pgbench", "/usr/local/bin/pgbench", "/opt/homebrew/bin/pgbench"].find((path) => existsSync(path));
};

/** Postgres' own benchmark on the same server: transactions a second (TPC-B, 16 clients), or why there is none. */
export const pgbench = async (url: string, seconds: number): Promise<{ tps: number; version: string } | undefined> => {
  const program = await find();
  if (program === undefined) return undefined;
  const { stdout: version } = await run(program, ["--version"]);
  await run(program, ["-i", "-q", "-s", "10", url]);
  const { stdout } = await run(program, ["-c", "16", "-j", "2", "-T", String(seconds), url]);
  const tps = Number(/tps = ([\d.]+)/.exec(stdout)?.[1]);
  return { tps, version: version.trim() };
};
