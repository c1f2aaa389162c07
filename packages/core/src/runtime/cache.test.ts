import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { SessionSource } from "../session.ts";
import { startRuntime } from "./host.ts";
import { inlineRuntime } from "./inline.ts";
import { withLock } from "./lock.ts";
import { doubling, encodeModel, externalNet, ramp } from "./test-models.ts";

// Processes are started here, on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const NET = { channels: 16, layers: 2, size: 16 };
const x = ramp([1, NET.channels, NET.size, NET.size]);

let folder: string;
let source: SessionSource & { weightsFolder: string };
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "deadiff-cache-"));
  const { onnx, weights } = externalNet(NET);
  await writeFile(path.join(folder, "weights.safetensors"), weights);
  source = { name: "net", onnx, weightsFolder: folder, weightsHash: "sha256 of the weights" };
});
afterAll(() => rm(folder, { recursive: true }));

/** Opens the source with a cache and runs it once. */
async function open(cacheFolder: string, from: SessionSource = source, cacheLimitBytes?: number) {
  const runtime = await inlineRuntime({ threads: 1, provider: "cpu", cacheFolder, ...(cacheLimitBytes !== undefined && { cacheLimitBytes }) });
  const session = await runtime.open(from);
  const outputs = from.name === "net" ? await session.run({ x }) : {};
  await runtime.close();
  return { loaded: session.loaded, outputs };
}

/** The one entry of a cache. */
async function entryOf(cacheFolder: string): Promise<string> {
  const [name, ...others] = (await readdir(cacheFolder)).filter((file) => /^[0-9a-f]{64}$/.test(file));
  expect(others).toEqual([]);
  return path.join(cacheFolder, name!);
}

test("a graph from the cache gives the very bits of one optimised from its source", async () => {
  const cache = path.join(folder, "same");
  const runtime = await inlineRuntime({ threads: 1, provider: "cpu" });
  const expected = await (await runtime.open(source)).run({ x });
  await runtime.close();
  const first = await open(cache);
  const second = await open(cache);
  expect([first.loaded.from, second.loaded.from]).toEqual(["baked", "cache"]);
  expect(first.outputs).toEqual(expected);
  expect(second.outputs).toEqual(expected);
  expect((await readdir(cache)).length).toBe(1);
});

test("another graph or other weights make another entry", async () => {
  const cache = path.join(folder, "keys");
  await open(cache);
  const { onnx } = externalNet({ ...NET, layers: 1 });
  expect((await open(cache, { ...source, onnx })).loaded.from).toBe("baked");
  expect((await open(cache, { ...source, weightsHash: "sha256 of other weights" })).loaded.from).toBe("baked");
  expect((await readdir(cache)).length).toBe(3);
  expect((await open(cache)).loaded.from).toBe("cache");
});

/** Changes a byte in the middle, keeps the length, and sets the time of writing back. */
async function flipByte(file: string): Promise<void> {
  const { atime, mtime } = await stat(file);
  const bytes = await readFile(file);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(file, bytes);
  await utimes(file, atime, mtime);
}

const damages: [string, (entry: string) => Promise<unknown>][] = [
  ["its weights were cut short", (entry) => truncate(path.join(entry, "graph.weights"), 1000)],
  ["its weights are gone", (entry) => rm(path.join(entry, "graph.weights"))],
  ["its graph is gone", (entry) => rm(path.join(entry, "graph.onnx"))],
  ["a byte of its graph changed", (entry) => flipByte(path.join(entry, "graph.onnx"))],
  ["a byte of its weights changed", (entry) => flipByte(path.join(entry, "graph.weights"))],
  ["its marker is gone", (entry) => rm(path.join(entry, "entry.json"))],
  ["its marker is not JSON", (entry) => writeFile(path.join(entry, "entry.json"), "{")],
  ["its marker is JSON of another shape", (entry) => writeFile(path.join(entry, "entry.json"), "[]")],
];
test.each(damages)("an entry is made anew when %s", async (what, damage) => {
  const cache = path.join(folder, what.replaceAll(" ", "-"));
  const { outputs } = await open(cache);
  await damage(await entryOf(cache));
  const again = await open(cache);
  expect(again.loaded.from).toBe("baked");
  expect(again.outputs).toEqual(outputs);
  expect((await open(cache)).loaded.from).toBe("cache");
});

describe("what an entry holds is read once", () => {
  let cache: string, entry: string;
  beforeEach(async () => {
    cache = await mkdtemp(path.join(folder, "once-"));
    await open(cache);
    entry = await entryOf(cache);
    // What was written just now is too young to be told from a later change: five seconds on it is not, and is read for the last time.
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 5_000 });
    expect((await open(cache)).loaded.from).toBe("cache");
  });
  afterEach(() => void vi.useRealTimers());

  const markerOf = async (of: string) => JSON.parse(await readFile(path.join(of, "entry.json"), "utf8")) as { files: { name: string; sha256: string; identity: string | null }[] };

  test("and not again while the system calls it the same file", async () => {
    const marker = await markerOf(entry);
    expect(marker.files.map(({ name, identity }) => [name, identity !== null])).toEqual([["graph.onnx", true], ["graph.weights", true]]);
    // Whoever read the files would now take them for damaged.
    for (const file of marker.files) file.sha256 = "0".repeat(64);
    await writeFile(path.join(entry, "entry.json"), JSON.stringify(marker));
    expect((await open(cache)).loaded.from).toBe("cache");
  });

  test.each(["graph.onnx", "graph.weights"])("so that %s of the same length and time of writing with another byte is found and made anew", async (name) => {
    await flipByte(path.join(entry, name));
    expect((await open(cache)).loaded.from).toBe("baked");
    expect((await open(cache)).loaded.from).toBe("cache");
  });

  test("and once more where the folder was copied, which then serves as the first did", async () => {
    const copy = path.join(folder, "copied");
    await cp(cache, copy, { recursive: true });
    expect((await open(copy)).loaded.from).toBe("cache");
    await flipByte(path.join(await entryOf(copy), "graph.weights"));
    expect((await open(copy)).loaded.from).toBe("baked");
  });
});

test("a whole entry that ONNX Runtime cannot load is made anew", async () => {
  const cache = path.join(folder, "unloadable");
  const { outputs } = await open(cache);
  const entry = await entryOf(cache);
  // As from another version that this one takes for its own: consistent with its marker, and no graph at all.
  const noise = Buffer.from("not a graph");
  await writeFile(path.join(entry, "graph.onnx"), noise);
  const files = [{ name: "graph.onnx", bytes: noise.length, sha256: createHash("sha256").update(noise).digest("hex"), identity: null }];
  await writeFile(path.join(entry, "entry.json"), JSON.stringify({ version: 2, files }));
  const again = await open(cache);
  expect(again.loaded.from).toBe("baked");
  expect(again.outputs).toEqual(outputs);
});

test("above its limit the least recently used graphs go, the newest stays", async () => {
  const cache = path.join(folder, "limit");
  const sources = [3, 4, 5].map((n): SessionSource => ({ name: `n${n}`, onnx: doubling("float32", [n]) }));
  const bytes: number[] = [];
  for (const [i, each] of sources.slice(0, 2).entries()) {
    await open(cache, each);
    for (const name of await readdir(cache)) {
      // The order of use, in whole hours, whatever the file system's clock resolves.
      const marker = path.join(cache, name, "entry.json");
      if (Date.now() - (await stat(marker)).mtimeMs < 1_800_000) {
        const used = new Date(Date.now() - (3 - i) * 3_600_000);
        await utimes(marker, used, used);
        bytes.push((await stat(path.join(cache, name, "graph.onnx"))).size);
      }
    }
  }
  expect((await open(cache, sources[0])).loaded.from).toBe("cache");
  // The first was used just now, so the second is the oldest.
  await open(cache, sources[2], 2 * Math.max(...bytes) + 10);
  expect((await readdir(cache)).length).toBe(2);
  expect((await open(cache, sources[0])).loaded.from).toBe("cache");
  expect((await open(cache, sources[2])).loaded.from).toBe("cache");
  await open(cache, sources[1], 1);
  expect((await readdir(cache)).length).toBe(1);
  expect((await open(cache, sources[1])).loaded.from).toBe("cache");
});

test("two children that open a graph at the same time make it once and share it", async () => {
  const cache = path.join(folder, "shared");
  const runtimes = await Promise.all([0, 1].map(() => startRuntime({ threads: 1, provider: "cpu", cacheFolder: cache })));
  const sessions = await Promise.all(runtimes.map((runtime) => runtime.open(source)));
  expect(sessions.map(({ loaded }) => loaded.from).sort()).toEqual(["baked", "cache"]);
  const [a, b] = await Promise.all(sessions.map((session) => session.run({ x })));
  expect(a).toEqual(b);
  expect((await readdir(cache)).length).toBe(1);
  // One process may take the entry away under the other: what is open stays open.
  await rm(cache, { recursive: true });
  expect(await sessions[0]!.run({ x })).toEqual(a);
  await Promise.all(runtimes.map((runtime) => runtime.close()));
});

test("a worker killed while it makes a graph leaves no half of it, and the next one does not wait", async () => {
  const cache = path.join(folder, "killed");
  const runtime = await startRuntime({ threads: 1, provider: "cpu", cacheFolder: cache });
  const opening = runtime.open(source).catch((error: unknown) => error);
  while (!(await readdir(cache).catch(() => [])).some((name) => name.startsWith(".making-"))) await sleep(1);
  process.kill(runtime.pid!, "SIGKILL");
  expect(await opening).toMatchObject({ code: "runtime_crashed" });
  const started = performance.now();
  const { loaded } = await open(cache);
  expect(loaded.from).toBe("baked");
  expect(performance.now() - started).toBeLessThan(5000);
  expect((await readdir(cache)).length).toBe(1);
});

test("a cache that cannot be written keeps no model from running, and says so", async () => {
  const file = path.join(folder, "a-file");
  await writeFile(file, "");
  const { loaded, outputs } = await open(path.join(file, "cache"));
  expect(loaded.from).toBe("source");
  expect(loaded.note).toMatch(/ENOTDIR/);
  expect(outputs).toHaveProperty("y");
});

test("weights without a hash are not cached", async () => {
  const cache = path.join(folder, "no-hash");
  const { loaded } = await open(cache, { name: "net", onnx: source.onnx, weightsFolder: folder });
  expect(loaded).toMatchObject({ from: "source", note: expect.stringContaining("weightsHash") as string });
});

test("a broken model is an error of its source, and leaves nothing in the cache", async () => {
  const cache = path.join(folder, "broken");
  const onnx = encodeModel({ inputs: [{ name: "x", dims: [1] }], outputs: [{ name: "y", dims: [1] }], ops: [{ type: "NoSuchOperator", inputs: ["x"], outputs: ["y"] }] });
  await expect(open(cache, { name: "broken", onnx })).rejects.toMatchObject({ code: "session_open_failed", message: expect.stringContaining("NoSuchOperator") as string });
  expect(await readdir(cache)).toEqual([]);
});

test("a lock lets one in at a time, is left on failure, and is taken from the dead", async () => {
  const file = path.join(folder, "lock");
  let inside = 0;
  const work = async () => {
    expect(++inside).toBe(1);
    await sleep(20);
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => withLock(file, work)));
  await expect(withLock(file, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  // Left by a process of this machine that is gone: at once.
  const gone = spawnSync(process.execPath, ["--version"]).pid;
  await writeFile(file, `${gone} ${hostname()}`);
  const started = performance.now();
  await withLock(file, work);
  expect(performance.now() - started).toBeLessThan(1000);
  // Left by a process of another machine: when it has not beaten for long.
  await writeFile(file, "1 another-machine");
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(file, longAgo, longAgo);
  await withLock(file, work);
  await expect(stat(file)).rejects.toMatchObject({ code: "ENOENT" });
});
