import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** What this process counts, in Prometheus' form. */
export interface Metrics {
  readonly registry: Registry;
  readonly running: Gauge;
  readonly jobs: Counter<"ending">;
  readonly jobSeconds: Histogram;
  readonly poison: Counter;
  readonly bells: Counter;
  readonly swept: Counter<"what">;
  readonly attempts: Counter<"outcome">;
  readonly loopErrors: Counter<"loop">;
  readonly outboxRows: Gauge;
  readonly outboxAge: Gauge;
  readonly inferenceRss: Gauge;
}

/** A fresh set of metrics with the process's own beside them. */
export const createMetrics = (): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    running: new Gauge({ name: "deadiff_jobs_running", help: "Jobs this worker works on", registers }),
    jobs: new Counter({ name: "deadiff_jobs_total", help: "Attempts by how they ended", labelNames: ["ending"], registers }),
    jobSeconds: new Histogram({ name: "deadiff_job_seconds", help: "Seconds from claim to end", buckets: [0.1, 0.3, 1, 3, 10, 30, 100, 300], registers }),
    poison: new Counter({ name: "deadiff_poison_messages_total", help: "Queue messages that could not be read", registers }),
    bells: new Counter({ name: "deadiff_bells_total", help: "Messages the relay sent to the queue", registers }),
    swept: new Counter({ name: "deadiff_swept_total", help: "Jobs and rows moved by the sweepers", labelNames: ["what"], registers }),
    attempts: new Counter({ name: "deadiff_webhook_attempts_total", help: "Webhook attempts by outcome", labelNames: ["outcome"], registers }),
    loopErrors: new Counter({ name: "deadiff_loop_errors_total", help: "Failed rounds of a background loop", labelNames: ["loop"], registers }),
    outboxRows: new Gauge({ name: "deadiff_outbox_rows", help: "Bells that wait", registers }),
    outboxAge: new Gauge({ name: "deadiff_outbox_oldest_seconds", help: "Age of the oldest due bell", registers }),
    inferenceRss: new Gauge({ name: "deadiff_inference_rss_bytes", help: "Memory of the inference process after its last job", registers }),
  };
};
