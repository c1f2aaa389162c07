import { DeleteMessageCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { jobMessageSchema, ringFromDeadLetter, type Db } from "@deadiff/schemas";
import type { Log } from "../log.ts";

/** One round of T10: reads the dead-letter queue, rings once more for jobs that still wait, deletes the messages, and says so in the log. */
export const readDeadLetters = async (db: Db, sqs: SQSClient, queueUrl: string, log: Log, signal: AbortSignal): Promise<number> => {
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 10 }), { abortSignal: signal });
  for (const { Body, ReceiptHandle, MessageId } of Messages) {
    let body: unknown;
    try {
      body = JSON.parse(Body ?? "");
    } catch {
      body = undefined;
    }
    const parsed = jobMessageSchema.safeParse(body);
    const rung = parsed.success && (await ringFromDeadLetter(db, parsed.data.job_id));
    log("error", "dead_letter", { message_id: MessageId, job_id: parsed.success ? parsed.data.job_id : undefined, rung });
    await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
  }
  return Messages.length;
};
