/**
 * Measures a whole job as ratios, on random weights: `node bench/pipeline.ts`.
 *
 * P8: wall time of a warm job / the time inside ONNX Runtime's runs, in this process and in a child (both over the
 * inline runs, interleaved). P9: event loop delay of the host while a child works on the job.
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
import { MINI, TINY } from "../src/presets.ts";
import { inlineRuntime, startRuntime } from "../src/runtime/ort.ts";
import type { Runtime } from "../src/session.ts";

const ROUNDS = 7;
const threads = 1;
const picture = hostImage(64, 64, new Uint8Array(64 * 64 * 3).map((_, i) => i % 251));

const folder = await mkdtemp(path.join(tmpdir(), "deadiff-bench-"));
try {
  print("load average before", (loadavg()[0] ?? 0).toFixed(2));
  await measure(TINY, 64);
  await measure(MINI, 128);
  print("load average after", (loadavg()[0] ?? 0).toFixed(2));
} finally {
  await rm(folder, { recursive: true });
}

async function measure(config: DeadiffConfig, size: number): Promise<void> {
  const bundle = path.join(folder, config.name);
  await writeRandomBundle(bundle, { config, size });
  const clock = { ms: 0 };
  const inline = timed(await inlineRuntime({ threads }), clock);
  const child = await startRuntime({ threads });
  try {
    const [here, there] = [await openModel(bundle, inline), await openModel(bundle, child)];
    const [first] = [await job(here), await job(there)]; // opens every session
    const ratios: { inline: number; child: number }[] = [];
    const delay = monitorEventLoopDelay({ resolution: 1 });
    for (let round = 0; round < ROUNDS; round++) {
      clock.ms = 0;
      const wall = await job(here);
      const inRuns = clock.ms;
      delay.enable();
      const remote = await job(there);
      delay.disable();
      ratios.push({ inline: wall / inRuns, child: remote / inRuns });
    }
    print(`${config.name}: first job, sessions opened on the way`, `${first.toFixed(0)} ms`);
    print(`${config.name}: P8 job wall / sum of runs, inline`, median(ratios.map((r) => r.inline)).toFixed(3), "goal 1.02");
    print(`${config.name}: P8 job wall in a child / sum of inline runs`, median(ratios.map((r) => r.child)).toFixed(3), "goal 1.02");
    // The monitor's own tick of 1 ms is in its figure.
    print(`${config.name}: P9 event loop delay while a child works, p99`, `${(delay.percentile(99) / 1e6 - 1).toFixed(1)} ms`, "goal 20 ms");
  } finally {
    await inline.close();
    await child.close();
  }
}

/** Wall time of one job of 20 steps, milliseconds. */
async function job(model: Model): Promise<number> {
  const started = performance.now();
  await stylize(model, { references: [{ image: picture }], prompt: "a red cat", steps: 20, seed: 1 });
  return performance.now() - started;
}

/** A runtime whose runs add to a clock. */
function timed(runtime: Runtime, clock: { ms: number }): Runtime {
  return {
    ...runtime,
    open: async (source) => {
      const session = await runtime.open(source);
      return {
        ...session,
        run: async (feeds, options) => {
          const started = performance.now();
          try {
            return await session.run(feeds, options);
          } finally {
            clock.ms += performance.now() - started;
          }
        },
      };
    },
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

function print(what: string, value: string, goal = ""): void {
  console.log(`${what.padEnd(64)} ${value.padStart(10)}  ${goal}`);
}
