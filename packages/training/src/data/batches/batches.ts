import { Worker } from "node:worker_threads";
import { pairAt, type Pair, type PairOptions } from "../pairs.ts";
import { createScratch } from "../pixels/scratch.ts";
import type { Part, View } from "../view.ts";
import { pairPixels, paintPairs, type PairPixels } from "./paint.ts";

/** One batch: the pairs and their pictures. */
export type Batch<P extends Part> = PairPixels & {
  /** Number of the first pair; a run resumes by `from: first` of the batch it wants next. */
  readonly first: number;
  readonly pairs: readonly Pair<P>[];
};

/** How batches are drawn. */
export type BatchOptions = PairOptions & {
  readonly seed: number;
  /** Pairs in a batch. */
  readonly count: number;
  /** Number of the first pair of the first batch; 0 unless given. */
  readonly from?: number;
  /** Threads that paint ahead; 0 paints in the calling thread when asked. One unless given. */
  readonly threads?: number;
  /** Batches each thread keeps ready or in work; 2 unless given. */
  readonly ahead?: number;
};

/** A stream of batches. */
export type Batches<P extends Part> = {
  /** The next batch; calls are answered in their order. Rejects with the thread's error when painting fails. */
  next(): Promise<Batch<P>>;
  /**
   * Gives the memory of a batch back to be painted on again: fresh memory costs about a third of the painting. Its pictures
   * must not be read after that.
   */
  release(batch: Batch<P>): void;
  /** Ends the threads; batches that were still awaited reject. */
  close(): Promise<void>;
};

/** What a painting thread starts from. */
export type PaintJob = { readonly view: View<Part>; readonly seed: number; readonly count: number; readonly options: PairOptions };

/** What a painting thread is asked for; `into` is memory of an earlier batch. */
export type PaintOrder = { readonly from: number; readonly into: PairPixels | undefined };

/**
 * Draws batch after batch: pair n is `pairAt(view, seed, n)`, whatever the number of threads. Pictures are painted ahead in
 * threads that share the dataset's memory.
 */
export function createBatches<P extends Part>(view: View<P>, options: BatchOptions): Batches<P> {
  const { seed, count, from = 0, threads = 1, ahead = 2, ...pairOptions } = options;
  const job: PaintJob = { view, seed, count, options: pairOptions };
  const painters = threads === 0 ? [paintHere(job)] : Array.from({ length: threads }, () => createPainter(job));
  const inWork = threads === 0 ? 1 : threads * ahead;
  const queue: Promise<PairPixels>[] = [];
  const spare: PairPixels[] = [];
  let ordered = 0;
  let given = 0;

  const order = (): void => {
    const painted = painters[ordered % painters.length]?.paint({ from: from + ordered * count, into: spare.pop() }) ?? Promise.reject(new RangeError("createBatches: threads must be 0 or more"));
    // A rejection is reported to whoever awaits the batch, not as an unhandled one before that.
    painted.catch(() => undefined);
    queue.push(painted);
    ordered++;
  };

  return {
    async next() {
      while (ordered < given + inWork) order();
      const first = from + given * count;
      given++;
      const pixels = await queue.shift();
      if (pixels === undefined) throw new RangeError("createBatches: ahead must be 1 or more");
      const pairs = Array.from({ length: count }, (_, k) => pairAt(view, seed, first + k, pairOptions));
      return { first, pairs, ...pixels };
    },
    release({ reference, target }) {
      spare.push({ reference, target });
    },
    async close() {
      await Promise.all(painters.map((painter) => painter.end()));
    },
  };
}

type Painter = { paint(order: PaintOrder): Promise<PairPixels>; end(): Promise<void> };

function paintHere({ view, seed, count, options }: PaintJob): Painter {
  const scratch = createScratch(view.pixels.size);
  return {
    paint: ({ from, into }) => {
      const pixels = into ?? pairPixels(count, view.pixels.size, options);
      paintPairs(view, seed, from, options, scratch, pixels);
      return Promise.resolve(pixels);
    },
    end: () => Promise.resolve(),
  };
}

function createPainter(job: PaintJob): Painter {
  const worker = new Worker(new URL("./painter.ts", import.meta.url), { workerData: job });
  // Answers come in the order of the questions.
  const waiting: PromiseWithResolvers<PairPixels>[] = [];
  let ending = false;
  let ended: Error | undefined;
  const end = (error: Error): void => {
    ended ??= error;
    for (const promise of waiting.splice(0)) promise.reject(ended);
  };
  worker.on("message", (pixels: PairPixels) => {
    waiting.shift()?.resolve(pixels);
    if (waiting.length === 0 && !ending) worker.unref();
  });
  worker.on("error", end);
  worker.on("exit", () => {
    end(new Error("the painting thread has ended"));
  });
  // A thread without work keeps no process alive.
  worker.unref();
  return {
    paint(order) {
      if (ended !== undefined) return Promise.reject(ended);
      const promise = Promise.withResolvers<PairPixels>();
      waiting.push(promise);
      worker.ref();
      const { into } = order;
      worker.postMessage(order, into === undefined ? [] : [...new Set([into.reference.buffer, into.target.buffer])]);
      return promise.promise;
    },
    async end() {
      // Awaiting the end of a thread that keeps no process alive would end the process here, and with it whatever error is on its way.
      ending = true;
      worker.ref();
      await worker.terminate();
    },
  };
}
