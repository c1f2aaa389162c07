import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { HostTensor, Runtime } from "@deadiff/core";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import type { RunIdentity } from "./checkpoint.ts";
import { startState } from "./initialise.ts";
import type { Objective } from "./objective.ts";
import { learningRate } from "./optimizer.ts";
import type { OptimizerConfig, Rate } from "./optimizer.ts";
import { lossPlot } from "./plot.ts";
import { openReplicas } from "./replicas.ts";
import type { Replicas } from "./replicas.ts";
import { createTrainer } from "./trainer.ts";
import type { Trainer, TrainingState, Weights } from "./trainer.ts";

export type RunConfig = {
  /** Updates of the whole run; the learning rate's schedule ends there. */
  steps: number;
  /** Samples of a step of the graph; an update takes `accumulate` (1 unless given) such micro-batches. */
  batchSize: number;
  accumulate?: number;
  /** Processes that train side by side, each on batches of its own, 1 unless given. */
  replicas?: number;
  lr: Rate;
  optimizer: OptimizerConfig;
  emaDecay: number;
  /** Minutes between checkpoints, plots and sample sheets. */
  checkpointMinutes: number;
};

export type Run = {
  folder: string;
  identity: RunIdentity;
  objective: Objective;
  config: RunConfig;
  seed: number;
  /** Starting values from earlier stages. */
  initial?: Weights;
  /** Micro-batches from a number on: `accumulate` of them an update. */
  batches: (from: number) => { next(): Promise<Record<string, HostTensor>>; close(): Promise<void> };
  /** Draws what a person would look at, from the averaged weights. */
  sheet?: (state: TrainingState, file: string) => Promise<void>;
  signal: AbortSignal;
  log: (line: string) => void;
};

const accumulateOf = ({ accumulate = 1 }: RunConfig): number => accumulate;
/** Samples of an update, all replicas' together. */
const samplesOf = (config: RunConfig): number => config.batchSize * accumulateOf(config) * (config.replicas ?? 1);
const CHECKPOINT = "checkpoint.safetensors";
const METRICS = "metrics.jsonl";
/** Updates between two averages of replicas, and batches between their first ones: more than any run has. */
const [AVERAGE_EVERY, APART] = [32, 2 ** 20];

/**
 * Trains until the configured step or an abort, from the run's checkpoint where it has one (frozen weights are those of `initial` even
 * then); returns the final state.
 * The folder holds the checkpoint, one line of metrics per fifty steps, the loss plot and numbered sample sheets.
 *
 * @throws DeadiffError `checkpoint_other_run`; whatever a batch or a step fails with (the last checkpoint stays)
 */
export async function train(runtime: Runtime, run: Run): Promise<TrainingState> {
  const { objective, config, folder, log } = run;
  await mkdir(folder, { recursive: true });
  const path = join(folder, CHECKPOINT);
  const resumed = await loadCheckpoint(path, run.identity);
  const start = resumed === null ? startState(objective, run.seed, run.initial) : { ...resumed, weights: new Map([...resumed.weights, ...frozenOf(run)]) };
  const { replicas: count = 1 } = config;
  log(`${objective.name}: seed ${run.seed}, ${resumed === null ? "fresh start" : `resumed at step ${start.step}`}, ${config.steps} steps of ${samplesOf(config)}`);
  if (start.step >= config.steps) return start;

  const replicas = count === 1 ? null : openReplicas(count);
  const trainer = await createTrainer(runtime, objective, start, config);
  const batches = run.batches((start.step + (replicas?.index ?? 0) * APART) * accumulateOf(config));
  try {
    await loop(trainer, batches, replicas, run, path);
    return await checkpoint(trainer, run, path);
  } finally {
    await batches.close();
    await trainer.close();
    replicas?.close();
  }
}

/** What a run builds on and does not train: read anew where it is taken up, for an earlier stage may have gone on. */
const frozenOf = ({ objective, initial = new Map() }: Run): Weights => new Map(objective.parameters.flatMap(({ name }) => {
  const values = objective.trained.has(name) ? undefined : initial.get(name);
  return values === undefined ? [] : [[name, values] as const];
}));

async function loop(trainer: Trainer, batches: ReturnType<Run["batches"]>, replicas: Replicas | null, run: Run, path: string): Promise<void> {
  const { config, log } = run;
  const leads = (replicas?.index ?? 0) === 0;
  const sums = new Map<string, number>();
  const before = await samplesBefore(run, trainer.step);
  let [counted, since, lastCheckpoint] = [0, performance.now(), performance.now()];
  let stopped = run.signal.aborted;
  while (trainer.step < config.steps && !stopped) {
    const micro: Record<string, HostTensor>[] = [];
    while (micro.length < accumulateOf(config)) micro.push(await batches.next());
    const metrics = await trainer.update(micro, learningRate(trainer.step, { ...config.lr, steps: config.steps }));
    for (const [name, value] of Object.entries(metrics)) sums.set(name, (sums.get(name) ?? 0) + value);
    counted++;
    const together = replicas === null || trainer.step % AVERAGE_EVERY === 0 || trainer.step === config.steps;
    if (together) stopped = replicas === null ? run.signal.aborted : await replicas.average(trainer, run.signal.aborted);
    if (!leads) continue;
    if (trainer.step % 50 === 0) {
      const seconds = (performance.now() - since) / 1000;
      const means = Object.fromEntries([...sums].map(([name, total]) => [name, total / counted]));
      const samples = samplesOf(config);
      const rate = (counted * samples) / seconds;
      const left = ((config.steps - trainer.step) * samples) / rate / 60;
      log(`step ${trainer.step}/${config.steps}  ${Object.entries(means).map(([n, v]) => `${n} ${v.toPrecision(4)}`).join("  ")}  ${rate.toFixed(1)} samples/s  ${left.toFixed(0)} min left`);
      await appendFile(join(run.folder, METRICS), `${JSON.stringify({ step: trainer.step, samples: trainer.step * samples + before, rate, ...means })}\n`);
      sums.clear();
      [counted, since] = [0, performance.now()];
    }
    // Between two averages the replicas differ: what is kept is what they agree in.
    if (together && performance.now() - lastCheckpoint > config.checkpointMinutes * 60_000) {
      await checkpoint(trainer, run, path);
      [lastCheckpoint, since, counted] = [performance.now(), performance.now(), 0];
      sums.clear();
    }
  }
  if (!leads) replicas?.close();
}

/** Samples that a run saw until a step beyond what this command would have shown it: earlier ones may have had other replicas. */
async function samplesBefore({ folder, config }: Run, step: number): Promise<number> {
  const last = (await metricsOf(folder)).findLast((line) => line.step <= step);
  return last === undefined ? 0 : last.samples - last.step * samplesOf(config);
}

/** The lines of metrics that a run has written. */
async function metricsOf(folder: string): Promise<{ step: number; samples: number; loss: number }[]> {
  const lines = await readFile(join(folder, METRICS), "utf8").catch(() => "");
  return lines.split("\n").filter(Boolean).map((line) => JSON.parse(line) as { step: number; samples: number; loss: number });
}

async function checkpoint(trainer: Trainer, run: Run, path: string): Promise<TrainingState> {
  const state = await trainer.state();
  await saveCheckpoint(path, state, run.objective, run.identity);
  await writeFile(join(run.folder, "loss.svg"), lossPlot(run.objective.name, await metricsOf(run.folder)));
  if (run.sheet !== undefined) await run.sheet(state, join(run.folder, `sheet-${String(state.step).padStart(7, "0")}.png`));
  return state;
}
