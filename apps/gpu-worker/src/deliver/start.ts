import type { SQSClient } from "@aws-sdk/client-sqs";
import { expireJobs, outboxDepth, ringAgain, sweepLapsedLeases } from "@deadiff/schemas";
import type { Store } from "../store.ts";
import { readDeadLetters } from "./dead-letters.ts";
import { createDispatcher, type DispatchOptions } from "./dispatch.ts";
import { runLoop, type LoopSpec } from "./loop.ts";
import { relayBells } from "./relay.ts";
import { purge, removeOrphans } from "./retention.ts";

/** What the role `deliver` needs of the world. */
export interface DeliverOptions extends DispatchOptions {
  readonly sqs: SQSClient;
  readonly store: Store;
  readonly queueUrl: string;
  readonly deadLetterUrl: string | undefined;
  /** One round of sending mail; left out where none is sent. */
  readonly sendMail?: (() => Promise<number>) | undefined;
}

/** Starts the relay, the sweepers, the dead-letter reader, retention, mail and the webhook dispatcher. Any number of these may run beside each other. */
export const startDelivering = (options: DeliverOptions): { readonly stop: () => Promise<void> } => {
  const { db, sqs, store, queueUrl, deadLetterUrl, sendMail, log, metrics, at } = options;
  const dispatcher = createDispatcher(options);
  const counted = (what: string, n: number): number => {
    if (n > 0) metrics.swept.inc({ what }, n);
    return n;
  };
  const loops: LoopSpec[] = [
    {
      name: "relay",
      everyMs: 250,
      round: async () => {
        const sent = await relayBells(db, sqs, queueUrl, at);
        metrics.bells.inc(sent);
        return sent;
      },
    },
    { name: "dispatch", everyMs: 200, round: dispatcher.round },
    {
      name: "sweep",
      everyMs: 5000,
      round: async () => counted("lapsed", await sweepLapsedLeases(db)) + counted("expired", await expireJobs(db)) + counted("rung", await ringAgain(db)),
    },
    {
      name: "gauges",
      everyMs: 5000,
      round: async () => {
        const depth = await outboxDepth(db);
        metrics.outboxRows.set(depth.rows);
        metrics.outboxAge.set(depth.oldestS);
        return 0;
      },
    },
    { name: "purge", everyMs: 60_000, round: async () => counted("purged", await purge(db, store)) },
    {
      name: "orphans",
      everyMs: 3_600_000,
      round: async () => {
        counted("orphans", await removeOrphans(db, store, Date.now()));
        return 0;
      },
    },
    ...(sendMail === undefined ? [] : [{ name: "mail", everyMs: 1000, round: sendMail }]),
    ...(deadLetterUrl === undefined ? [] : [{ name: "dead_letters", everyMs: 1000, round: (signal: AbortSignal) => readDeadLetters(db, sqs, deadLetterUrl, log, signal) }]),
  ];
  const controller = new AbortController();
  const all = loops.map((loop) => runLoop(loop, controller.signal, log, metrics));
  return {
    stop: async () => {
      controller.abort();
      await Promise.all(all);
      await dispatcher.idle();
    },
  };
};
