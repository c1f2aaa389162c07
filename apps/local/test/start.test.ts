import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readPngParameters, writeRandomBundle } from "@deadiff/core/node";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder: string;
const mark = randomUUID();
const launched: ChildProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "deadiff-start-"));
  await chmod(folder, 0o755);
  await writeRandomBundle(join(folder, "bundle"), { size: 32 });
});
afterAll(async () => {
  for (const child of launched) child.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

interface Launched {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly saying: (words: RegExp) => Promise<RegExpExecArray>;
  readonly ended: Promise<number | null>;
}

const launch = (args: string[] = [], env: Record<string, string> = {}): Launched => {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../src/main.ts", import.meta.url)), ...args], {
    env: {
      PATH: process.env["PATH"], HOME: folder,
      DEADIFF_DATA: join(folder, "data"), DEADIFF_PICTURE: join(folder, "picture.png"), DEADIFF_BUNDLE: join(folder, "bundle"), DEADIFF_THREADS: "1", DEADIFF_EDGE: "node", DEADIFF_WEB: "off",
      DEADIFF_TEST_MARK: mark, PORT: "0", ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  launched.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (output += part.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return {
    child,
    output: () => output,
    ended,
    saying: async (words) => {
      await expect.poll(() => words.test(output) || child.exitCode !== null, { timeout: 120_000, interval: 50 }).toBe(true);
      const found = words.exec(output);
      if (found === null) throw new Error(`it ended without saying ${String(words)}:\n${output}`);
      return found;
    },
  };
};

/** Processes that descend from a launch of this file, by what they inherited. */
const descendants = async (): Promise<string[]> => {
  const names = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(names.map(async (name) => ((await readFile(`/proc/${name}/environ`, "utf8").catch(() => "")).includes(mark) ? [await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => name)] : [])));
  return found.flat();
};

test("with --once it makes a picture through API, queue, worker and store, and ends with nothing left running", async () => {
  const once = launch(["--once"], { DEADIFF_EDGE: "workerd", DEADIFF_DATA: join(folder, "once") });
  const code = await once.ended;
  expect(once.output()).toContain(`picture    ${join(folder, "picture.png")}`);
  expect(code).toBe(0);
  expect(readPngParameters(await readFile(join(folder, "picture.png")))).toMatchObject({ prompt: "a mushroom", seed: "1" });
  if (process.platform === "linux") expect(await descendants()).toEqual([]);
});

test("a second start says where the first one runs; killed without mercy, the next start has the same keys and work; Ctrl-C ends all", async () => {
  const first = launch();
  const [, url = ""] = await first.saying(/API {8}(http:\S+)\/v1/);
  const [, key = ""] = await first.saying(/live key {3}(\S+)/);
  await first.saying(/Ctrl-C stops everything/);
  const second = launch();
  expect(await second.ended).toBe(1);
  expect(second.output()).toContain(`It runs already: ${url}`);
  expect(second.output()).toContain(String(first.child.pid));

  first.child.kill("SIGKILL");
  await first.ended;
  const third = launch();
  const [, again = ""] = await third.saying(/API {8}(http:\S+)\/v1/);
  await third.saying(/Ctrl-C stops everything/);
  expect((await fetch(`${again}/v1/jobs`, { headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
  third.child.kill("SIGINT");
  expect(await third.ended).toBe(0);
  if (process.platform === "linux") expect(await descendants()).toEqual([]);
});

test("Ctrl-C in the middle of a start leaves nothing running, and the next start is fine", async () => {
  const data = join(folder, "interrupted");
  const cut = launch([], { DEADIFF_DATA: data });
  await cut.saying(/starting/);
  // Whatever is on its way by then: the database being made, or the processes.
  await expect.poll(async () => (await readdir(join(data, "postgres")).catch(() => [])).length, { timeout: 60_000, interval: 20 }).toBeGreaterThan(0);
  cut.child.kill("SIGINT");
  await cut.ended;
  if (process.platform === "linux") expect(await descendants()).toEqual([]);
  const next = launch(["--once"], { DEADIFF_DATA: data });
  expect(await next.ended, next.output()).toBe(0);
});
