import { fork } from "node:child_process";
import { existsSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Stack } from "@deadiff/infra";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const folder = join(root, "apps/web");
const QUIET = { NEXT_TELEMETRY_DISABLED: "1", TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };

/** Whether this checkout has the web app. */
export const hasWeb = (): boolean => existsSync(join(folder, "next.config.ts"));

const packageFolder = (name: string, from: string): string => {
  const manifest = findPackageJSON(name, pathToFileURL(join(from, "package.json")));
  if (manifest === undefined) throw new Error(`the package ${name} is not installed: run npm ci`);
  return dirname(manifest);
};

/** Builds the web app unless nothing changed since the last build. Rejects with the end of the builder's output. */
export const buildWeb = (env: Readonly<Record<string, string>>, signal: AbortSignal, onLine: (line: string) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const turbo = join(packageFolder("turbo", root), "bin/turbo");
    const child = fork(turbo, ["run", "build", "--filter=@deadiff/web", "--output-logs=new-only", "--log-order=stream"], { cwd: root, env: { ...env, ...QUIET }, stdio: ["ignore", "pipe", "pipe", "ipc"], detached: true });
    // The builder has children of its own: the group ends together.
    const end = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    };
    signal.addEventListener("abort", end);
    const last: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        last.push(line);
        if (last.length > 40) last.shift();
        onLine(line);
      });
    }
    child.once("error", reject);
    child.once("exit", (code) => {
      signal.removeEventListener("abort", end);
      if (code === 0) resolve();
      else reject(new Error(`the web app's build ended with ${String(code)}:\n${last.join("\n")}`));
    });
  });

/** Serves the built web app as a process of the stack. Resolves when it answers. */
export const startWeb = async (stack: Stack, port: number, env: Readonly<Record<string, string>>): Promise<string> => {
  const web = stack.add({
    name: "web",
    entry: join(packageFolder("next", folder), "dist/bin/next"),
    args: ["start", "--hostname", "127.0.0.1", "--port", String(port)],
    nodeArgs: ["--import", new URL("./end-with-parent.ts", import.meta.url).href],
    cwd: folder,
    env: { ...env, ...QUIET },
    readyEvent: /\bReady in\b/,
  });
  await web.ready();
  return `http://127.0.0.1:${port}`;
};
