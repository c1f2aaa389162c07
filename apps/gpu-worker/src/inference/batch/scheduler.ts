import { rowKind, type EvaluateRows, type Evaluator, type LatentShape, type UNetRow } from "@deadiff/core";
import { bestRows, bucketOf, type StepTimes } from "./step-times.ts";

/** What a scheduler needs of the world. */
export interface SchedulerOptions {
  /** Runs rows of one kind together. Called again only when the last run has ended. */
  readonly runner: Evaluator;
  readonly times: StepTimes;
  readonly now: () => number;
  /** Lets the event loop turn, so that jobs whose rows are done ask for their next ones, and new and cancelled ones are heard. */
  readonly turn: () => Promise<void>;
  readonly onBatch?: (batch: { readonly rows: number; readonly jobs: number; readonly ms: number }) => void;
}

/** How much a job will ask for, and until when. */
export interface JobPlan {
  readonly steps: number;
  /** Rows that it evaluates in a step. */
  readonly rows: number;
  /** On the clock of `now`. */
  readonly finishByMs: number;
}

/** Shares U-Net runs among jobs. */
export interface Scheduler {
  /** The evaluator of one job. To `forget` its conditions ends its part. */
  readonly open: (plan: JobPlan) => Evaluator;
}

interface Job {
  readonly openedMs: number;
  readonly dueMs: number;
  /** Whether rows of it wait or run; a job that has none is between two steps. */
  asking: boolean;
}

interface Ask {
  readonly job: Job;
  readonly shape: LatentShape;
  readonly rows: readonly UNetRow[];
  readonly predictions: (Float32Array | undefined)[];
  readonly signal: AbortSignal | undefined;
  readonly resolve: (predictions: readonly Float32Array[]) => void;
  readonly reject: (error: unknown) => void;
  settled: boolean;
}

/** A row that waits: the i-th of what a job asked for. */
interface Waiting {
  readonly ask: Ask;
  readonly i: number;
  readonly row: UNetRow;
}

/**
 * A job is due when it has taken so many times as long as it would have taken alone, or when its owner says, whichever is
 * sooner: everyone is promised the same slowness, so that a preview does not wait for a sheet of eight pictures. Those who come
 * later are due later, so nobody starves.
 */
const SLOWNESS = 6;

/** Jobs between two steps come back within this part of a step's time, or the batch goes without them. */
const PATIENCE = 0.1;

/**
 * Batches by steps: after each run, whoever has rows to evaluate takes part in the next one, whatever its step, solver or
 * guidance. The job that is due first goes first. A cancelled job's rows are dropped before the next run. A
 * run that fails is repeated row by row, so that one member's failure is its own; after one for want of memory, batches are
 * smaller.
 */
export const createScheduler = (options: SchedulerOptions): Scheduler => {
  const { runner, times, now, turn } = options;
  const jobs = new Set<Job>();
  let waiting: Waiting[] = [];
  let rowsMax = bestRows(times);
  let running = false;
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work, work);
    last = done.catch(() => undefined);
    return done;
  };

  const settle = (ask: Ask, error?: unknown): void => {
    if (ask.settled) return;
    const predictions = ask.predictions.filter((prediction) => prediction !== undefined);
    if (error === undefined && predictions.length < ask.rows.length) return;
    ask.settled = true;
    ask.job.asking = false;
    waiting = waiting.filter((one) => one.ask !== ask);
    if (error === undefined) ask.resolve(predictions);
    else ask.reject(error);
  };

  const dropCancelled = (): void => {
    for (const { ask } of waiting) if (ask.signal?.aborted === true) settle(ask, ask.signal.reason);
  };

  /** The most urgent row, and those that may share its run in their order of urgency. */
  const pick = (): readonly Waiting[] => {
    const order = waiting.toSorted((a, b) => a.ask.job.dueMs - b.ask.job.dueMs);
    const [first] = order;
    if (first === undefined) return [];
    const kind = rowKind(first.row, first.ask.shape);
    const batch = order.filter((one) => rowKind(one.row, one.ask.shape) === kind).slice(0, rowsMax);
    // Rows of one composition keep their order from step to step, or their keys would be made anew.
    return batch.toSorted((a, b) => a.ask.job.openedMs - b.ask.job.openedMs || a.i - b.i);
  };

  const evaluate = async (batch: readonly Waiting[]): Promise<void> => {
    const [first] = batch;
    if (first === undefined) return;
    // Padded with the last row to a size that is warm.
    const spare = batch.at(-1) ?? first;
    const rows = [...batch, ...Array.from({ length: bucketOf(batch.length, times) - batch.length }, () => spare)].map(({ row }) => row);
    try {
      const predictions = await inTurn(() => runner.evaluate(rows, first.ask.shape));
      for (const [n, { ask, i }] of batch.entries()) {
        ask.predictions[i] = predictions[n];
        settle(ask);
      }
    } catch (error) {
      if (batch.length === 1) {
        settle(first.ask, error);
        return;
      }
      if (isOutOfMemory(error)) rowsMax = Math.max(1, ...times.filter(({ rows: bucket }) => bucket < rows.length).map(({ rows: bucket }) => bucket));
      for (const one of batch) if (!one.ask.settled) await evaluate([one]);
    }
  };

  /** Gives jobs that are between two steps the time to ask for the next one. */
  const gather = async (stepMs: number): Promise<void> => {
    const until = now() + PATIENCE * stepMs;
    do {
      await turn();
      dropCancelled();
    } while (now() < until && waiting.length < rowsMax && [...jobs].some((job) => !job.asking));
  };

  const loop = async (): Promise<void> => {
    running = true;
    await gather(0);
    while (waiting.length > 0) {
      const batch = pick();
      waiting = waiting.filter((one) => !batch.includes(one));
      const started = now();
      await evaluate(batch);
      const ms = now() - started;
      options.onBatch?.({ rows: batch.length, jobs: new Set(batch.map(({ ask }) => ask.job)).size, ms });
      await gather(ms);
    }
    running = false;
  };

  const askOf = (job: Job): EvaluateRows => (rows, shape, signal) =>
    new Promise((resolve, reject) => {
      if (rows.length === 0) {
        resolve([]);
        return;
      }
      const ask: Ask = { job, shape, rows, predictions: rows.map(() => undefined), signal, resolve, reject, settled: false };
      job.asking = true;
      jobs.add(job);
      for (const [i, row] of rows.entries()) waiting.push({ ask, i, row });
      if (!running) void loop();
    });

  return {
    open: ({ steps, rows, finishByMs }) => {
      const openedMs = now();
      const largest = times.at(-1);
      // More rows than the largest bucket take several of it.
      const stepMs = largest === undefined ? 0 : Math.max(1, rows / largest.rows) * (times.find((bucket) => bucket.rows >= rows) ?? largest).ms;
      const job: Job = { openedMs, dueMs: Math.min(finishByMs, openedMs + SLOWNESS * steps * stepMs), asking: false };
      return {
        evaluate: askOf(job),
        forget: async (conditions) => {
          jobs.delete(job);
          // Never in the middle of a run, which may hold keys of a job that was just cancelled.
          await inTurn(() => runner.forget(conditions));
        },
      };
    },
  };
};

/** Whether a run failed for want of memory, by what the providers say. */
export const isOutOfMemory = (error: unknown): boolean => error instanceof Error && /out of memory|failed to allocate|alloc/i.test(error.message);
