import { setTimeout as sleep } from "node:timers/promises";
import { SpanKind } from "@opentelemetry/api";
import { fixBody, nextAttemptInS, presentJob, redeliver, reportAttempt, takeMessages, type Db, type Delivery, type SignUrl } from "@deadiff/schemas";
import { Webhook } from "standardwebhooks";
import type { Dispatcher } from "undici";
import type { AtPoint } from "../crash-points.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { NetPolicy } from "../net/addresses.ts";
import { inSpan, traceOf } from "../tracing.ts";
import { asksForDuplicates } from "../work/fault-prompt.ts";
import { post } from "./post.ts";

/** What delivering needs of the world. */
export interface DispatchOptions {
  readonly db: Db;
  readonly agent: Dispatcher;
  readonly netPolicy: NetPolicy;
  readonly sign: SignUrl;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly at: AtPoint;
  /** Deliveries on their way at once. */
  readonly slots: number;
}

const render = async (delivery: Delivery, sign: SignUrl): Promise<string> => {
  const data = delivery.content.kind === "job" ? await presentJob(delivery.content.job, sign) : delivery.content.data;
  return JSON.stringify({ type: delivery.type, timestamp: delivery.createdAt, data });
};

const deliver = async (options: DispatchOptions, delivery: Delivery): Promise<void> => {
  const { db, agent, netPolicy, sign, at, log, metrics } = options;
  // Fixed at the first attempt: all later ones send the same bytes.
  const body = delivery.body ?? (await fixBody(db, delivery.id, await render(delivery, sign)));
  const now = new Date();
  const signature = delivery.secrets.map((secret) => new Webhook(secret).sign(delivery.id, now, body)).join(" ");
  at("webhook_begun");
  const traceparent = delivery.content.kind === "job" ? delivery.content.job.traceparent : null;
  const attributes = { "deadiff.message_id": delivery.id, "deadiff.attempt": delivery.n };
  const posted = await inSpan("webhook post", { parent: traceOf(traceparent), kind: SpanKind.CLIENT, attributes }, async (span) => {
    const answered = await post(agent, netPolicy, delivery.url, body, {
      "content-type": "application/json",
      "user-agent": "DEADiff-Webhooks/1",
      "webhook-id": delivery.id,
      "webhook-timestamp": String(Math.floor(now.getTime() / 1000)),
      "webhook-signature": signature,
    });
    span.setAttribute("deadiff.outcome", answered.outcome);
    return answered;
  });
  at("webhook_sent");
  const retryInS =
    posted.outcome === "ok"
      ? null
      : nextAttemptInS({
          attempt: delivery.attempt,
          status: posted.status ?? undefined,
          timedOut: posted.outcome === "timeout",
          retryAfter: posted.retryAfter,
          nowMs: Date.now(),
          random: Math.random(),
        });
  const { outcome, status, response, error } = posted;
  await reportAttempt(db, { id: delivery.id, n: delivery.n, outcome, status, response, error, retryInS, gone: status === 410 });
  metrics.attempts.inc({ outcome });
  log("info", "webhook_attempt", { message_id: delivery.id, n: delivery.n, endpoint_id: delivery.endpointId, type: delivery.type, outcome, status, error, retry_in_s: retryInS });
  // Acknowledged, and sent once more all the same: at least once is what we promise, and what integrators are to be ready for.
  if (outcome === "ok" && delivery.n === 1 && delivery.content.kind === "job" && asksForDuplicates(delivery.content.job.mode, delivery.content.prompt)) await redeliver(db, delivery.accountId, delivery.id);
};

/** Places that come free within this time are filled by one look at the database, which costs as much for one message as for many. */
const GATHER_MS = 10;
/** New messages are looked for this often while nobody that we wait for answers. */
const LOOK_MS = 200;

/** Delivers webhooks as slots are free. A slow receiver holds a slot, never the others: each endpoint has a few at most. */
export const createDispatcher = (options: DispatchOptions): { readonly round: () => Promise<number>; readonly idle: () => Promise<void> } => {
  const running = new Set<Promise<void>>();
  let freed = Promise.withResolvers<undefined>();
  return {
    round: async () => {
      if (running.size > 0) {
        await Promise.race([freed.promise, sleep(LOOK_MS)]);
        await sleep(GATHER_MS);
      }
      freed = Promise.withResolvers();
      const free = options.slots - running.size;
      for (const delivery of free > 0 ? await takeMessages(options.db, free) : []) {
        const work = deliver(options, delivery)
          // The lease runs out and the attempt becomes `unknown`: nothing is lost.
          .catch((error: unknown) => options.log("error", "webhook_failed", { message_id: delivery.id, error }))
          .finally(() => {
            running.delete(work);
            freed.resolve(undefined);
          });
        running.add(work);
      }
      return running.size;
    },
    idle: async () => {
      await Promise.all(running);
    },
  };
};
