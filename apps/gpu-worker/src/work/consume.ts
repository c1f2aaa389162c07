import { SpanKind } from "@opentelemetry/api";
import { setTimeout as sleep } from "node:timers/promises";
import { ChangeMessageVisibilityCommand, type Message, type SQSClient } from "@aws-sdk/client-sqs";
import { claimJob, isTerminal, jobMessageSchema, type JobRow } from "@deadiff/schemas";
import { Consumer } from "sqs-consumer";
import type { Metrics } from "../metrics.ts";
import { inSpan, traceOf } from "../tracing.ts";
import { runJob, type Workshop } from "./run-job.ts";

/** A worker's ear on the queue. */
export interface Consuming {
  /** Stops receiving, lets running jobs go on for `graceMs`, then gives them back. Resolves when none runs. */
  readonly drain: (graceMs: number) => Promise<void>;
  readonly running: () => number;
}

/** How a worker listens. */
export interface ConsumeOptions {
  readonly shop: Workshop;
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly workerId: string;
  readonly metrics: Metrics;
  readonly waitTimeSeconds?: number;
  /** Jobs at once. Default 1. */
  readonly slots?: number;
}

const VISIBILITY_S = 60;
const BEAT_S = 20;
// Short enough that a drain does not wait long for the poll at hand.
const POLL_S = 5;
const VISIBILITY_MAX_S = 12 * 3600;

type Afterwards = { readonly kind: "forget" } | { readonly kind: "later"; readonly seconds: number };

/**
 * What becomes of a message whose job was not for us. The queue is only a bell: whatever still has to happen to the job is in the
 * database, and whoever puts a job back rings anew.
 */
const afterRefusal = (job: JobRow | undefined, nowMs: number): Afterwards => {
  if (job === undefined || isTerminal(job.state)) return { kind: "forget" };
  if (job.state === "running") {
    // Someone works on it. If they die, this message must come back after their lease.
    const leaseMs = job.lease_until === null ? 0 : Date.parse(job.lease_until) - nowMs;
    return leaseMs > 0 ? { kind: "later", seconds: Math.ceil(leaseMs / 1000) + 1 } : { kind: "forget" };
  }
  // Waiting for its back-off: that bell is in the outbox. Waiting for another job of its account: try again soon.
  return Date.parse(job.run_after) > nowMs ? { kind: "forget" } : { kind: "later", seconds: 5 };
};

/** Listens for jobs, and works on as many at once as there are slots. */
export const consume = (options: ConsumeOptions): Consuming => {
  const { shop, sqs, queueUrl, workerId, metrics } = options;
  const { db, log } = shop;
  const drain = new AbortController();
  let running = 0;
  let draining = false;

  const putBack = async (message: Message, seconds: number): Promise<undefined> => {
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout: Math.min(seconds, VISIBILITY_MAX_S) }));
  };

  const handle = async (message: Message): Promise<Message | undefined> => {
    if (draining) return putBack(message, 0);
    const parsed = jobMessageSchema.safeParse(safeJson(message.Body));
    if (!parsed.success) {
      log("error", "poison_message", { message_id: message.MessageId, body: message.Body?.slice(0, 200) });
      metrics.poison.inc();
      return message;
    }
    const { job_id } = parsed.data;
    const claim = await claimJob(db, job_id, workerId, shop.leaseSeconds);
    if (!claim.won) {
      const afterwards = afterRefusal(claim.job, Date.now());
      return afterwards.kind === "forget" ? message : putBack(message, afterwards.seconds);
    }
    const { job } = claim;
    const traceparent = message.MessageAttributes?.["traceparent"]?.StringValue ?? job.traceparent;
    const started = performance.now();
    running += 1;
    metrics.running.inc();
    try {
      const parent = traceOf(traceparent);
      const attributes = { "messaging.system": "aws_sqs", "deadiff.job_id": job_id, "deadiff.fence": job.fence };
      const ending = await inSpan("jobs process", { parent, kind: SpanKind.CONSUMER, attributes }, async (span, context) => {
        const ended = await runJob(shop, job, drain.signal, context);
        span.setAttribute("deadiff.ending", ended);
        return ended;
      });
      const ms = Math.round(performance.now() - started);
      metrics.jobs.inc({ ending });
      metrics.jobSeconds.observe(ms / 1000);
      log("info", "job_ended", { job_id, fence: job.fence, ending, ms, request_id: job.request_id, traceparent, queue_ms: Date.parse(job.started_at ?? job.created_at) - Date.parse(job.created_at) });
      // However it ended, the database knows what follows and has its own bell for it.
      return message;
    } finally {
      running -= 1;
      metrics.running.dec();
    }
  };

  // A consumer a slot: one that takes messages in batches waits for the slowest of them before it looks for more.
  const listen = (): Consumer => Consumer.create({
    queueUrl,
    sqs,
    batchSize: 1,
    visibilityTimeout: VISIBILITY_S,
    heartbeatInterval: BEAT_S,
    waitTimeSeconds: options.waitTimeSeconds ?? POLL_S,
    messageAttributeNames: ["traceparent"],
    handleMessage: handle,
  });
  const report = (error: Error): void => {
    // Stopping aborts the poll that waits.
    if (!draining) log("warn", "queue_error", { error });
  };
  const consumers = Array.from({ length: options.slots ?? 1 }, listen);
  for (const consumer of consumers) {
    consumer.on("error", report);
    consumer.on("processing_error", report);
    consumer.start();
  }

  return {
    running: () => running,
    drain: async (graceMs) => {
      draining = true;
      // A poll that is cut off may have taken a message with it, hidden until its visibility ends: the poll is waited for instead.
      for (const consumer of consumers) consumer.stop();
      const deadline = performance.now() + graceMs;
      while (running > 0 && performance.now() < deadline) await sleep(50);
      drain.abort();
      while (running > 0 || consumers.some(({ status }) => status.isPolling)) await sleep(20);
    },
  };
};

const safeJson = (text: string | undefined): unknown => {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
};
