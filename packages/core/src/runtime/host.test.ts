import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startRuntime, type ChildRuntime } from "./host.ts";
import { inlineRuntime } from "./inline.ts";
import { busyModel, doubling, externalNet, ramp, shrinking } from "./test-models.ts";

// Processes are started here, on a machine that may be busy.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const options = { threads: 1, provider: "cpu" } as const;

let folder: string;
let runtime: ChildRuntime;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "deadiff-runtime-"));
  runtime = await startRuntime(options);
});
afterAll(async () => {
  await runtime.close();
  await rm(folder, { recursive: true });
});

/** Whether a process is there and not merely waiting for its parent to notice its end. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function ends(pid: number): Promise<void> {
  for (let i = 0; i < 100 && alive(pid); i++) await sleep(20);
  expect(alive(pid)).toBe(false);
}

test("a graph gives the same bits in a child and inline", async () => {
  const { onnx, weights } = externalNet({ channels: 16, layers: 2, size: 16 });
  await writeFile(path.join(folder, "weights.safetensors"), weights);
  const source = { name: "net", onnx, weightsFolder: folder };
  const inline = await inlineRuntime(options);
  const x = ramp([1, 16, 16, 16]);
  const here = await (await inline.open(source)).run({ x });
  const session = await runtime.open(source);
  const there = await session.run({ x });
  expect(session.loaded.from).toBe("source");
  expect(there).toEqual(here);
  expect(there.y!.data.every((v) => Number.isFinite(Number(v)))).toBe(true);
  await inline.close();
});

test("kept tensors live in the child, are read, written, counted and dropped", async () => {
  const session = await runtime.open({ name: "step", onnx: shrinking(1000) });
  await runtime.write("w", ramp([1000]));
  const factor = { dtype: "float32", dims: [1], data: Float32Array.of(0.5) } as const;
  for (let step = 0; step < 3; step++) {
    expect(Object.keys(await session.run({ weight: { kept: "w" }, factor }, { keep: { next: "w" } }))).toEqual(["sum"]);
  }
  expect((await runtime.read("w")).data).toEqual(ramp([1000]).data.map((v) => v / 8));
  expect((await runtime.memory()).keptBytes).toBe(8000);
  await runtime.drop(["w"]);
  expect((await runtime.memory()).keptBytes).toBe(0);
  await expect(runtime.read("w")).rejects.toMatchObject({ code: "kept_missing" });
});

test("the host's event loop stays free, and memory can be asked, during a long run", async () => {
  const session = await runtime.open({ name: "busy", onnx: busyModel(512, 60) });
  const feeds = { x: ramp([512, 512]), w: ramp([512, 512]) };
  const delay = monitorEventLoopDelay({ resolution: 5 });
  const started = performance.now();
  const run = session.run(feeds);
  delay.enable();
  const [memory, askedMs] = await runtime.memory().then((report) => [report, performance.now() - started] as const);
  await run;
  const ranMs = performance.now() - started;
  delay.disable();
  const p99Ms = delay.percentile(99) / 1e6 - 5;
  console.log(`event loop delay p99 ${p99Ms.toFixed(1)} ms during a run of ${ranMs.toFixed(0)} ms`);
  expect(askedMs).toBeLessThan(ranMs);
  // The goal is 20 ms (bench/runtime.ts); here other test files may hold both processors.
  expect(p99Ms).toBeLessThan(100);
  expect(memory.rssBytes).toBeGreaterThan(30e6);
  expect(memory.anonymousBytes).toBeLessThanOrEqual(memory.rssBytes);
  expect(memory.peakRssBytes).toBeGreaterThanOrEqual(memory.rssBytes);
});

test("errors of the child arrive with their code, and spoil nothing", async () => {
  await expect(runtime.open({ name: "noise", onnx: Uint8Array.of(1, 2, 3) })).rejects.toMatchObject({ code: "session_open_failed" });
  const session = await runtime.open({ name: "doubling", onnx: doubling("float32", [2]) });
  await expect(session.run({ x: ramp([3]) })).rejects.toMatchObject({ code: "run_input_mismatch" });
  const unsendable = (() => 0) as unknown as Float32Array<ArrayBuffer>;
  await expect(session.run({ x: { dtype: "float32", dims: [2], data: unsendable } })).rejects.toMatchObject({ code: "runtime_send" });
  expect((await session.run({ x: ramp([2]) })).y!.dims).toEqual([2]);
  await session.close();
  await expect(session.run({ x: ramp([2]) })).rejects.toMatchObject({ code: "session_closed" });
});

test("when the child dies, every unanswered call throws runtime_crashed with how it died and what it said", async () => {
  const own = await startRuntime(options);
  const session = await own.open({ name: "busy", onnx: busyModel(512, 2000) });
  const feeds = { x: ramp([512, 512]), w: ramp([512, 512]) };
  const calls = [session.run(feeds), session.run(feeds), own.read("x")];
  const settled = Promise.allSettled(calls);
  await sleep(50);
  process.kill(own.pid!, "SIGKILL");
  for (const result of await settled) {
    expect(result).toMatchObject({ status: "rejected", reason: { code: "runtime_crashed", context: { signal: "SIGKILL", exitCode: null } } });
  }
  await expect(session.run(feeds)).rejects.toMatchObject({ code: "runtime_crashed" });
  await own.close();
});

test("an abort kills a run at once and throws the caller's reason", async () => {
  const controller = new AbortController();
  const own = await startRuntime({ ...options, signal: controller.signal });
  const session = await own.open({ name: "busy", onnx: busyModel(512, 2000) });
  const run = session.run({ x: ramp([512, 512]), w: ramp([512, 512]) });
  setTimeout(() => controller.abort(new Error("cancelled by its owner")), 50);
  const started = performance.now();
  await expect(run).rejects.toThrow("cancelled by its owner");
  // The run would take over five seconds.
  expect(performance.now() - started).toBeLessThan(3000);
  await expect(own.read("x")).rejects.toThrow("cancelled by its owner");
  await ends(own.pid!);
  await own.close();
  await expect(startRuntime({ ...options, signal: controller.signal })).rejects.toThrow("cancelled by its owner");
});

test("close lets calls finish and ends the child; later calls are refused", async () => {
  const own = await startRuntime(options);
  const session = await own.open({ name: "doubling", onnx: doubling("float32", [2]) });
  const run = session.run({ x: ramp([2]) });
  await own.close();
  expect((await run).y!.dims).toEqual([2]);
  expect(alive(own.pid!)).toBe(false);
  await expect(own.open({ name: "late", onnx: doubling("float32", [2]) })).rejects.toMatchObject({ code: "runtime_closed" });
  await own.close();
});

test("a child never outlives its host, not even in the middle of a run", async () => {
  const host = spawn(process.execPath, [path.join(import.meta.dirname, "orphan-host.ts")], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(host.stdout, "data")) as [Buffer];
  const pid = Number(line.toString());
  await sleep(100);
  expect(alive(pid)).toBe(true);
  host.kill("SIGKILL");
  await ends(pid);
});

test("a provider that does not work here is refused by name, and auto says why it took the cpu", async () => {
  const auto = await startRuntime({ threads: 1 });
  expect(["cpu", "cuda"]).toContain(auto.provider.name);
  expect(auto.provider.reason).toMatch(/CUDA/);
  await auto.close();
  if (auto.provider.name === "cpu") {
    await expect(startRuntime({ provider: "cuda" })).rejects.toMatchObject({ code: "provider_unavailable" });
  }
});
