import { SendMessageBatchCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { dropBells, takeBells, type Db, type JobMessage } from "@deadiff/schemas";
import type { AtPoint } from "../crash-points.ts";

const BATCH = 10;

/** One round of T1: sends what waits in the outbox. Dying between sending and deleting rings twice, which is harmless. */
export const relayBells = async (db: Db, sqs: SQSClient, queueUrl: string, at: AtPoint): Promise<number> => {
  const bells = await takeBells(db);
  let sent = 0;
  for (let from = 0; from < bells.length; from += BATCH) {
    const batch = bells.slice(from, from + BATCH);
    const { Failed = [] } = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: batch.map(({ id, jobId, traceparent }) => ({
          Id: String(id),
          MessageBody: JSON.stringify({ v: 1, job_id: jobId } satisfies JobMessage),
          ...(traceparent === null ? {} : { MessageAttributes: { traceparent: { DataType: "String", StringValue: traceparent } } }),
        })),
      }),
    );
    at("bells_sent");
    const refused = new Set(Failed.map(({ Id }) => Id));
    const accepted = batch.filter(({ id }) => !refused.has(String(id)));
    await dropBells(db, accepted.map(({ id }) => id));
    sent += accepted.length;
  }
  return sent;
};
