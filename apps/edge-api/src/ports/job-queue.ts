import type { JobMessage } from "@deadiff/schemas";
import { AwsClient } from "aws4fetch";
import { z } from "zod";
import type { AwsAccess } from "./aws.ts";
import type { Bell } from "./bells.ts";

/** Tells the workers of jobs. */
export interface JobQueue {
  /** Sends one message per bell. Throws when the queue refuses any. */
  readonly send: (bells: readonly Bell[]) => Promise<void>;
}

const BATCH = 10;
const answerSchema = z.object({ Failed: z.array(z.object({ Message: z.string().optional() })).optional() });

/** A queue that speaks SQS' JSON protocol. */
export const sqsJobQueue = (access: AwsAccess & { readonly queueUrl: string }): JobQueue => {
  // One try: the outbox is the retry.
  const client = new AwsClient({ ...access, service: "sqs", retries: 0 });
  const endpoint = new URL("/", access.queueUrl).href;
  return {
    send: async (bells) => {
      for (let at = 0; at < bells.length; at += BATCH) {
        const Entries = bells.slice(at, at + BATCH).map(({ jobId, traceparent }, i) => ({
          Id: String(i),
          MessageBody: JSON.stringify({ v: 1, job_id: jobId } satisfies JobMessage),
          MessageAttributes: { traceparent: { DataType: "String", StringValue: traceparent } },
        }));
        const response = await client.fetch(endpoint, {
          method: "POST",
          headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.SendMessageBatch" },
          body: JSON.stringify({ QueueUrl: access.queueUrl, Entries }),
          signal: AbortSignal.timeout(5000),
        });
        if (!response.ok) throw new Error(`queue: SendMessageBatch answered ${response.status}`);
        const failed = answerSchema.parse(await response.json()).Failed ?? [];
        if (failed.length > 0) throw new Error(`queue: refused ${failed.length} messages: ${failed[0]?.Message ?? ""}`);
      }
    },
  };
};
