/**
 * Measures the runtime as ratios, both sides of each in one run: `node bench/runtime.ts`.
 *
 * P8: wall time of a job's runs in a child / the same runs inline. P9: event loop delay of the host during runs.
 * P10: opening from the cache / from the source. P12: private memory of a second worker / weight bytes.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { inlineRuntime, startRuntime, type RuntimeOptions } from "../src/runtime/ort.ts";
import { busyModel, externalNet, ramp } from "../src/runtime/test-models.ts";
import type { LoadReport, MemoryReport, Runtime, SessionSource } from "../src/session.ts";

const OPENS = 5;
const RUNS = 40;
const options: RuntimeOptions = { threads: availableParallelism(), provider: "cpu" };

const folder = await mkdtemp(path.join(tmpdir(), "deadiff-bench-"));
try {
  const load = loadavg()[0] ?? 0;
  print("load average before", load.toFixed(2), "");
  await overhead();
  await responsiveness();
  await opening();
  print("load average after", (loadavg()[0] ?? 0).toFixed(2), "");
} finally {
  await rm(folder, { recursive: true });
}

/** P8, at a small model's step: about 10 ms, the latent of 64 kB in and out, the context kept. */
async function overhead(): Promise<void> {
  const onnx = busyModel(128, 200);
  const feeds = { x: ramp([128, 128]), w: { kept: "w" } };
  const here = await inlineRuntime(options);
  const there = await startRuntime(options);
  const sessions = await Promise.all([here, there].map((runtime) => runtime.open({ name: "step", onnx })));
  for (const runtime of [here, there]) await runtime.write("w", ramp([128, 128]));
  const times: number[][] = [[], []];
  // Interleaved, so that a busy neighbour slows both alike.
  for (let i = 0; i < RUNS; i++) {
    for (const [side, session] of sessions.entries()) {
      const started = performance.now();
      await session.run(feeds);
      times[side]?.push(performance.now() - started);
    }
  }
  const [inlineMs = 0, childMs = 0] = times.map(median);
  print("P8  run in a child / inline", (childMs / inlineMs).toFixed(3), `goal <= 1.02; ${childMs.toFixed(2)} / ${inlineMs.toFixed(2)} ms`);
  await Promise.all([here.close(), there.close()]);
}

/** P9: a timer of 1 ms in the host while a child runs graphs for about two seconds, and while this process runs one. */
async function responsiveness(): Promise<void> {
  const delays: number[] = [];
  for (const runtime of [await startRuntime(options), await inlineRuntime(options)]) {
    const session = await runtime.open({ name: "busy", onnx: busyModel(1024, 40) });
    const feeds = { x: ramp([1024, 1024]), w: ramp([1024, 1024]) };
    await session.run(feeds);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const started = performance.now();
    while (performance.now() - started < 2_000) await session.run(feeds);
    delay.disable();
    delays.push(delay.percentile(99) / 1e6);
    await runtime.close();
  }
  const [childMs = 0, inlineMs = 0] = delays;
  print("P9  event loop delay p99 in ms", childMs.toFixed(1), `goal <= 20; inline ${inlineMs.toFixed(0)}`);
}

/** P10 and P12, on 12 layers of 640 channels: 181 MB of weights. */
async function opening(): Promise<void> {
  const net = externalNet({ channels: 640, layers: 12, size: 32 });
  await writeFile(path.join(folder, "weights.safetensors"), net.weights);
  const source: SessionSource = { name: "net", onnx: net.onnx, weightsFolder: folder, weightsHash: "bench" };
  const x = ramp([1, 640, 32, 32]);
  const cached: RuntimeOptions = { ...options, cacheFolder: path.join(folder, "cache") };
  const worker = async (from: RuntimeOptions): Promise<Worker> => {
    const runtime = await startRuntime(from);
    const before = await runtime.memory();
    const session = await runtime.open(source);
    const opened = await runtime.memory();
    await session.run({ x });
    const started = performance.now();
    await session.run({ x });
    const runMs = performance.now() - started;
    return { runtime, loaded: session.loaded, runMs, before, opened, ran: await runtime.memory() };
  };
  const baked = await worker(cached);
  await baked.runtime.close();

  const opens: { raw: number[]; cached: number[]; rawRun: number[]; cachedRun: number[] } = { raw: [], cached: [], rawRun: [], cachedRun: [] };
  for (let i = 0; i < OPENS; i++) {
    const raw = await worker(options);
    const warm = await worker(cached);
    if (warm.loaded.from !== "cache") throw new Error(`expected a graph from the cache, it came from ${warm.loaded.from}`);
    opens.raw.push(raw.loaded.ms);
    opens.cached.push(warm.loaded.ms);
    opens.rawRun.push(raw.runMs);
    opens.cachedRun.push(warm.runMs);
    await Promise.all([raw.runtime.close(), warm.runtime.close()]);
  }
  const [rawMs, cachedMs] = [median(opens.raw), median(opens.cached)];
  print("P10 open from cache / from source", (cachedMs / rawMs).toFixed(3), `goal <= 0.35; ${cachedMs.toFixed(0)} / ${rawMs.toFixed(0)} ms; first bake ${baked.loaded.ms.toFixed(0)} ms`);
  print("    run from cache / from source", (median(opens.cachedRun) / median(opens.rawRun)).toFixed(3), "expected 1.00");

  const raw = await worker(options);
  const first = await worker(cached);
  const second = await worker(cached);
  const share = (from: MemoryReport, to: MemoryReport, kind: keyof MemoryReport): string => ((to[kind] - from[kind]) / net.weightBytes).toFixed(3);
  print("P12 private memory of 2nd worker / weights", share(second.before, second.opened, "privateBytes"), `goal <= 0.10; from source ${share(raw.before, raw.opened, "privateBytes")}`);
  print("    after two runs, activations included", share(second.before, second.ran, "privateBytes"), `from source ${share(raw.before, raw.ran, "privateBytes")}`);
  print("    peak resident / weights, whole process", (second.ran.peakRssBytes / net.weightBytes).toFixed(3), `from source ${(raw.ran.peakRssBytes / net.weightBytes).toFixed(3)}`);
  await Promise.all([raw, first, second].map(({ runtime }) => runtime.close()));
}

/** What one worker process took. */
type Worker = { runtime: Runtime; loaded: LoadReport; runMs: number; before: MemoryReport; opened: MemoryReport; ran: MemoryReport };

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function print(what: string, value: string, note: string): void {
  process.stdout.write(`${what.padEnd(44)} ${value.padStart(8)}  ${note}\n`);
}
