/**
 * Measures SD 1.5 at full size with random weights, as ratios: `npm run bench [-- --quick] [-- --threads N]`.
 *
 * Beside each measurement stand the goal, the processor's peak (see peak.ts) and the same network as a plain export
 * writes it, on the same runtime, run in turn A B A B. Times are processor time of the process that runs the graph, so
 * that a busy neighbour counts little; operations are those of the direct algorithm, so Winograd's convolutions may pass
 * the peak. `--quick` takes a narrow network: a check of the benchmark, no measurement of anything.
 *
 * Weights (4 GB) and optimised graphs (18 GB) are kept in .cache/bench.
 */
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { PROFILES } from "../src/graph/onnx/profile.ts";
import type { Profile } from "../src/graph/onnx/profile.ts";
import { flopsOf } from "../src/graph/flops.ts";
import { sessionSource } from "../src/node/model-weights.ts";
import { SD15 } from "../src/presets.ts";
import { startRuntime } from "../src/runtime/ort.ts";
import type { RuntimeOptions } from "../src/runtime/ort.ts";
import type { HostTensor, Kept, MemoryReport, Runtime } from "../src/session.ts";
import type { DeadiffConfig } from "../src/models/deadiff.ts";
import { openPeak } from "./peak.ts";
import type { Peak } from "./peak.ts";
import { feedsOf, stagesOf, weightBytes } from "./stages.ts";
import type { Stage } from "./stages.ts";
import { benchWeights } from "./weights.ts";
import { difference, median, sample, startWorker } from "./worker.ts";
import type { Worker } from "./worker.ts";

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false }, threads: { type: "string", default: "1" }, only: { type: "string" } } });
const threads = Number(flags.threads);
if (!Number.isInteger(threads) || threads < 1 || threads > availableParallelism()) throw new RangeError(`--threads must be 1 to ${availableParallelism()}, got ${flags.threads}`);

const NARROW: DeadiffConfig = {
  ...SD15, name: "narrow",
  text: { ...SD15.text, layers: 2 }, vision: { ...SD15.vision, layers: 2 }, qFormer: { ...SD15.qFormer, layers: 2 },
  unet: { ...SD15.unet, channels: 64 }, vae: { ...SD15.vae, channels: 32 },
};
const ROUNDS = 3;
const config = flags.quick ? NARROW : SD15;
const folder = fileURLToPath(new URL("../../../.cache/bench", import.meta.url));
const weights = await benchWeights(config, folder);
const raw: RuntimeOptions = { threads, provider: "cpu" };
const cached: RuntimeOptions = { ...raw, cacheFolder: `${folder}/graphs`, cacheLimitBytes: 40 * 2 ** 30 };
const stages = stagesOf(config);
const sourceOf = (stage: Stage, profile: Profile) => sessionSource(stage.graph, weights, profile);

print(`${config.name}, ${threads} thread(s), load average`, loadavg().map((x) => x.toFixed(2)).join(" "));
const peak = await openPeak(raw);
if (flags.only === undefined || flags.only === "speed") await speed();
await peak.close();
if (flags.only === undefined || flags.only === "memory") await opening();
if (flags.only === undefined || flags.only === "memory" || flags.only === "job") await job();
print("load average", loadavg().map((x) => x.toFixed(2)).join(" "));

async function speed(): Promise<void> {
  const goals: [keyof typeof stages, string, string][] = [
    ["unet", "P3 >= 0.75", "P6 <= 0.80"], ["decode", "P7 >= 1.20", ""], ["text", "", ""], ["vision", "", ""], ["qFormer", "", ""],
  ];
  for (const [name, share, ratio] of goals) await compare(stages[name], peak, share, ratio);
}

/** P3, P6, P7: a stage's operations over the peak, and its time over the plain graph's. */
async function compare(stage: Stage, processor: Peak, shareGoal: string, ratioGoal: string): Promise<void> {
  const workers: Worker[] = [];
  for (const profile of [PROFILES.cpu, PROFILES.plain]) workers.push(await startWorker(sourceOf(stage, profile), feedsOf(stage), cached));
  const [ours, plain] = workers as [Worker, Worker];
  const flops = flopsOf(stage.graph, stage.symbols);
  const warm = await sample(ours, 1);
  const error = difference(warm, await sample(plain, 1));
  // Kernel ticks are 10 ms: short stages are repeated to about two seconds.
  const repeats = Math.max(1, Math.round(2000 / warm.wallMs));
  const before = await processor.measure();
  const ratios: number[] = [], oursMs: number[] = [], wallMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const a = await sample(ours, repeats), b = await sample(plain, repeats);
    ratios.push(a.cpuMs / b.cpuMs);
    oursMs.push(a.cpuMs);
    wallMs.push(a.wallMs);
  }
  const after = await processor.measure();
  const drift = Math.abs(after / before - 1);
  const rate = flops / median(oursMs) / 1e6, top = (before + after) / 2;
  print(`${stage.label}: ${(flops / 2e9).toFixed(1)} GMAC, operations / peak`, (rate / top).toFixed(3), shareGoal);
  print("    time / plain graph's", median(ratios).toFixed(3), ratioGoal, `${spread(ratios)}; largest difference ${error.toExponential(1)} of a deviation`);
  print("    processor time, wall time, ms", `${median(oursMs).toFixed(0)}, ${median(wallMs).toFixed(0)}`, "", `${rate.toFixed(1)} GFLOP/s beside a peak of ${top.toFixed(1)}${drift > 0.03 ? `, which moved by ${(100 * drift).toFixed(0)} %: measure again on a quieter machine` : ""}`);
  await Promise.all(workers.map(({ runtime }) => runtime.close()));
}

/** P10, P12: opening the U-Net from its source and from the cache, and what a second process costs. */
async function opening(): Promise<void> {
  const stage = stages.unet;
  const [source, feeds, bytes] = [sourceOf(stage, PROFILES.cpu), feedsOf(stage), weightBytes(stage.graph)];
  const share = (n: number): string => (n / bytes).toFixed(3);
  const baked = await startWorker(source, feeds, cached);
  await baked.runtime.close();
  const times: { raw: number[]; cached: number[] } = { raw: [], cached: [] };
  let fromSource: MemoryReport | undefined;
  for (let round = 0; round < 2; round++) {
    const a = await startWorker(source, feeds, raw);
    times.raw.push(a.session.loaded.ms);
    fromSource = await a.runtime.memory();
    await a.runtime.close();
    const b = await startWorker(source, feeds, cached);
    if (b.session.loaded.from !== "cache") throw new Error(`expected a graph from the cache, got it from ${b.session.loaded.from}: ${b.session.loaded.note ?? ""}`);
    times.cached.push(b.session.loaded.ms);
    await b.runtime.close();
  }
  const [rawMs, cachedMs] = [median(times.raw), median(times.cached)];
  print("U-Net opened from the cache / from its source", (cachedMs / rawMs).toFixed(3), "P10 <= 0.35", `${cachedMs.toFixed(0)} / ${rawMs.toFixed(0)} ms`);

  const first = await startWorker(source, feeds, cached);
  await sample(first, 1);
  const second = await startRuntime(cached);
  const empty = await second.memory();
  const session = await second.open(source);
  const opened = await second.memory();
  const kept = await keepKeys(second, feeds);
  await session.run(kept);
  await session.run(kept);
  const ran = await second.memory();
  print("2nd process, opened: private memory / weights", share(opened.privateBytes - empty.privateBytes), "P12 <= 0.10", `from its source ${share((fromSource?.privateBytes ?? NaN) - empty.privateBytes)}`);
  print("    after two steps, activations included", share(ran.privateBytes - empty.privateBytes), "", `${gigabytes(ran.privateBytes - empty.privateBytes)} beside weights of ${gigabytes(bytes)}`);
  print("    its peak resident memory / weights", share(ran.peakRssBytes));
  await Promise.all([first.runtime.close(), second.close()]);
}

/** Keys and values stay in the runtime between a job's steps, and do not travel with each. */
async function keepKeys(runtime: Runtime, feeds: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor | Kept>> {
  const kept: Record<string, HostTensor | Kept> = {};
  for (const [name, tensor] of Object.entries(feeds)) {
    const isKey = /^[kv]\./.test(name);
    if (isKey) await runtime.write(name, tensor);
    kept[name] = isKey ? { kept: name } : tensor;
  }
  return kept;
}

/** P13: one picture of 512 pixels in one process, every graph closed after use as `stylize` does it under `memory: "release"`. */
async function job(): Promise<void> {
  const runtime = await startRuntime(cached);
  let used = 0;
  for (const name of ["text", "vision", "qFormer", "conditioning", "unet", "decode"] as const) {
    const stage = stages[name];
    used += weightBytes(stage.graph);
    const session = await runtime.open(sourceOf(stage, PROFILES.cpu));
    const feeds = await keepKeys(runtime, feedsOf(stage));
    for (let i = 0; i < (name === "unet" ? 2 : 1); i++) await session.run(feeds);
    await session.close();
    print(`    peak resident memory up to ${stage.label}`, gigabytes((await runtime.memory()).peakRssBytes));
  }
  const { peakRssBytes, anonymousBytes } = await runtime.memory();
  const held = weightBytes(stages.unet.graph) + weightBytes(stages.decode.graph);
  print("a job's peak resident memory / U-Net and decoder", (peakRssBytes / held).toFixed(3), "P13 <= 1.35", `${gigabytes(peakRssBytes)} / ${gigabytes(held)}; all weights it used ${gigabytes(used)}; ${gigabytes(anonymousBytes)} backed by no file at the end`);
  await runtime.close();
}

function spread(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)} in ${values.length} rounds`;
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

function print(what: string, value: string, goal = "", note = ""): void {
  process.stdout.write(`${what.padEnd(56)} ${value.padStart(12)}  ${goal.padEnd(12)} ${note}\n`);
}
