/**
 * Measures a whole job as ratios, on random weights: `node bench/pipeline.ts`.
 *
 * P8: a warm job's time over the time inside ONNX Runtime's runs. P9: how long the host's event loop is busy in one go
 * while a child works on the job. Both also in processor time, which neighbours on the machine change little: a host
 * that waits for its turn is not a host that works.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import path from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { hostImage } from "../src/image/host-image.ts";
import type { DeadiffConfig } from "../src/models/deadiff.ts";
import { openModel } from "../src/node/open-model.ts";
import { writeRandomBundle } from "../src/node/random-bundle.ts";
import type { Model } from "../src/pipeline/model.ts";
import { stylize } from "../src/pipeline/stylize.ts";
import { MINI } from "../src/presets.ts";
import { inlineRuntime, startRuntime } from "../src/runtime/ort.ts";
import type { Runtime } from "../src/session.ts";

const ROUNDS = 15;
const threads = 1;
const picture = hostImage(64, 64, new Uint8Array(64 * 64 * 3).map((_, i) => i % 251));

/** Reads milliseconds. One clock a job: reading processor time takes as long as much of what the host does. */
type Clock = () => number;
const wallClock: Clock = () => performance.now();
const processorClock: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const folder = await mkdtemp(path.join(tmpdir(), "deadiff-bench-"));
try {
  print("load average before", (loadavg()[0] ?? 0).toFixed(2));
  await measure(MINI, 128);
  print("load average after", (loadavg()[0] ?? 0).toFixed(2));
} finally {
  await rm(folder, { recursive: true });
}

async function measure(config: DeadiffConfig, size: number): Promise<void> {
  const bundle = path.join(folder, config.name);
  await writeRandomBundle(bundle, { config, size });
  const runs: Stopwatch = { clock: wallClock, ms: 0 };
  const inline = timed(await inlineRuntime({ threads }), runs);
  const child = await startRuntime({ threads });
  try {
    const [here, there] = [await openModel(bundle, inline), await openModel(bundle, child)];
    const [first] = [await job(here, wallClock), await job(there, wallClock)]; // opens every session
    const walls: number[] = [], cpus: number[] = [], hostMs: number[] = [], childWalls: number[] = [], hostShares: number[] = [], turns: number[] = [];
    const delay = monitorEventLoopDelay({ resolution: 1 });
    for (let round = 0; round < ROUNDS; round++) {
      Object.assign(runs, { clock: processorClock, ms: 0 });
      cpus.push(await job(here, processorClock) / runs.ms);
      hostShares.push(await job(there, processorClock) / runs.ms);
      Object.assign(runs, { clock: wallClock, ms: 0 });
      const whole = await job(here, wallClock);
      walls.push(whole / runs.ms);
      hostMs.push(whole - runs.ms);
      delay.enable();
      const stop = watchTurns(turns);
      const remote = await job(there, wallClock);
      stop();
      delay.disable();
      childWalls.push(remote / runs.ms);
    }
    print(`${config.name}: first job, sessions opened on the way`, `${first.toFixed(0)} ms`);
    print(`${config.name}: P8 job / sum of runs, wall time, inline`, median(walls).toFixed(3), "goal 1.02");
    print(`${config.name}:     the host's own time, least and median`, `${Math.min(...hostMs).toFixed(1)}, ${median(hostMs).toFixed(1)} ms`);
    print(`${config.name}: P8 job / sum of runs, processor time, inline`, median(cpus).toFixed(3), "goal 1.02");
    print(`${config.name}: job in a child / sum of inline runs, wall time`, median(childWalls).toFixed(3));
    print(`${config.name}: host's processor time beside a child / inline runs'`, median(hostShares).toFixed(3));
    print(`${config.name}: P9 event loop, longest work in one go, p99`, `${quantile(turns, 0.99).toFixed(1)} ms`, "goal 20 ms");
    // The monitor's own tick of 1 ms is in its figure.
    print(`${config.name}: P9 event loop delay by the clock, p99`, `${(delay.percentile(99) / 1e6 - 1).toFixed(1)} ms`, "goal 20 ms, on an idle machine");
  } finally {
    await inline.close();
    await child.close();
  }
}

/** Collects the processor time that this thread spends between two turns of a timer, milliseconds. */
function watchTurns(turns: number[]): () => void {
  let last = process.threadCpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.threadCpuUsage(last);
    turns.push((user + system) / 1000);
    last = process.threadCpuUsage();
  }, 1);
  return () => clearInterval(timer);
}

/** One job of 20 steps. @returns what it took by the clock */
async function job(model: Model, clock: Clock): Promise<number> {
  const started = clock();
  // Named, not left to a preset's defaults, so that figures of different times are of the same job.
  await stylize(model, { references: [{ image: picture }], prompt: "a red cat", sampler: "dpmpp_2m", steps: 20, guidance: 4, guidanceInterval: { from: 0, to: 1000 }, seed: 1 });
  return clock() - started;
}

/** Time by a clock, summed. */
type Stopwatch = { clock: Clock; ms: number };

/** A runtime whose runs add to a stopwatch. */
function timed(runtime: Runtime, watch: Stopwatch): Runtime {
  return {
    ...runtime,
    open: async (source) => {
      const session = await runtime.open(source);
      return {
        ...session,
        run: async (feeds, options) => {
          const started = watch.clock();
          try {
            return await session.run(feeds, options);
          } finally {
            watch.ms += watch.clock() - started;
          }
        },
      };
    },
  };
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? NaN;
}

function print(what: string, value: string, goal = ""): void {
  console.log(`${what.padEnd(64)} ${value.padStart(10)}  ${goal}`);
}
