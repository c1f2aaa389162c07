import { dropBellsOf, type Connection, type Id } from "@deadiff/schemas";
import { tracedSend, type Tracing } from "../tracing.ts";
import type { JobQueue } from "./job-queue.ts";
import type { Log } from "./services.ts";

/** A job that the queue is to hear of, and the trace it was made in. */
export interface Bell {
  readonly jobId: Id<"job">;
  readonly traceparent: string;
}

/** Tells the queue of jobs that were just made. Best effort, never rejects: bells that fail stay in the outbox, and the relay rings them. */
export type RingBells = (bells: readonly Bell[]) => Promise<void>;

/** What ringing needs of the world. */
export interface BellOptions {
  readonly queue: JobQueue;
  readonly connect: () => Connection;
  readonly log: Log;
  readonly tracing?: Tracing | undefined;
}

/** Rings and forgets the outbox's rows, each call by itself: for runtimes whose requests cannot share what they open. */
export const ringAlone =
  ({ queue, connect, log, tracing }: BellOptions): RingBells =>
  async (bells) => {
    const connection = connect();
    try {
      await tracedSend(tracing, bells, queue.send);
      await dropBellsOf(connection.db, bells.map(({ jobId }) => jobId));
    } catch (error) {
      log("warn", "ring_failed", { jobs: bells.map(({ jobId }) => jobId), error: String(error) });
    } finally {
      await connection.close();
    }
  };

/**
 * Rings for all requests of a process: while one round is on its way, the bells that come wait for the next. An idle API rings at
 * once; the busier it is, the fewer calls and statements a bell costs.
 */
export const ringTogether = (ring: RingBells): RingBells => {
  let waiting: Bell[] = [];
  let rounds: Promise<void> | undefined;
  const ringAll = async (): Promise<void> => {
    try {
      for (let bells = waiting; bells.length > 0; bells = waiting) {
        waiting = [];
        await ring(bells);
      }
    } finally {
      rounds = undefined;
    }
  };
  return (bells) => {
    waiting.push(...bells);
    return (rounds ??= ringAll());
  };
};
