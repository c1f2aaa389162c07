import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { z } from "zod";
import type { Random } from "../random.ts";

/** What the queue does wrong. All of it is within what SQS' own contract allows, or what a misconfiguration brings. */
export interface QueueFaults {
  /** How often each message is sent on. */
  readonly copies: number;
  /** The chance that a message is acknowledged and lost. */
  readonly loss: number;
  /** Messages are held back by up to this long, each by its own time, which shuffles them. */
  readonly delayMaxS: number;
  /** How long a received message stays hidden, whatever the receiver asked for. */
  readonly visibilityS: number | undefined;
  /** Calls that fail, such as `ChangeMessageVisibility`. */
  readonly refused: readonly string[];
}

/** An SQS endpoint in front of the real one that misbehaves on demand. */
export interface QueueLayer {
  readonly port: number;
  readonly set: (faults: Partial<QueueFaults>) => void;
  /** Calls by name since the start. */
  readonly calls: () => Readonly<Record<string, number>>;
  readonly close: () => Promise<void>;
}

const HEALTHY: QueueFaults = { copies: 1, loss: 0, delayMaxS: 0, visibilityS: undefined, refused: [] };

const batchSchema = z.looseObject({ Entries: z.array(z.looseObject({ Id: z.string(), MessageBody: z.string() })) });
type Batch = z.infer<typeof batchSchema>;

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
};

/** Puts the layer in front of the queue at `origin`. Object store calls pass untouched. */
export const openQueueLayer = async (origin: string, random: Random): Promise<QueueLayer> => {
  let faults = HEALTHY;
  const calls: Record<string, number> = {};
  const pool = new Pool(origin, { connections: 64, headersTimeout: 60_000, bodyTimeout: 60_000 });
  const forward = async (request: IncomingMessage, body: Buffer | string) => {
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => !["connection", "content-length", "transfer-encoding", "expect", "keep-alive"].includes(name)));
    const answer = await pool.request({ path: request.url ?? "/", method: request.method ?? "GET", headers, body: body.length === 0 ? null : body });
    return { status: answer.statusCode, headers: answer.headers, body: Buffer.from(await answer.body.arrayBuffer()) };
  };

  const sendBatch = async (request: IncomingMessage, batch: Batch) => {
    const kept = batch.Entries.filter(() => random.next() >= faults.loss);
    const delayed = kept.map((entry) => (faults.delayMaxS === 0 ? entry : { ...entry, DelaySeconds: random.between(0, faults.delayMaxS) }));
    // Lost messages are acknowledged like the others.
    const forged = { Successful: batch.Entries.map(({ Id, MessageBody }) => ({ Id, MessageId: randomUUID(), MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex") })), Failed: [] };
    let answer = { status: 200, headers: { "content-type": "application/x-amz-json-1.0" } as Record<string, string | string[] | undefined>, body: Buffer.from(JSON.stringify(forged)) };
    for (let copy = 0; copy < faults.copies && delayed.length > 0; copy++) {
      const sent = await forward(request, JSON.stringify({ ...batch, Entries: delayed }));
      if (kept.length === batch.Entries.length || sent.status >= 300) answer = { ...sent, headers: { "content-type": "application/x-amz-json-1.0" } };
    }
    return answer;
  };

  const handle = async (request: IncomingMessage) => {
    const body = await bodyOf(request);
    const target = request.headers["x-amz-target"];
    const action = typeof target === "string" ? (target.split(".")[1] ?? "") : "";
    if (action !== "") calls[action] = (calls[action] ?? 0) + 1;
    if (faults.refused.includes(action)) {
      return { status: 400, headers: { "content-type": "application/x-amz-json-1.0" }, body: Buffer.from(JSON.stringify({ __type: "com.amazonaws.sqs#InvalidParameterValue", message: "the receipt handle has expired" })) };
    }
    if (action === "SendMessageBatch") return sendBatch(request, batchSchema.parse(JSON.parse(body.toString())));
    if (action === "ReceiveMessage" && faults.visibilityS !== undefined) {
      return forward(request, JSON.stringify({ ...(JSON.parse(body.toString()) as object), VisibilityTimeout: faults.visibilityS }));
    }
    return forward(request, body);
  };

  const server = createServer((request, response) => {
    handle(request).then(
      ({ status, headers, body }) => {
        response.writeHead(status, { "content-type": String(headers["content-type"] ?? "application/octet-stream") }).end(body);
      },
      // The queue itself is away: so are we.
      () => request.socket.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    set: (next) => (faults = { ...HEALTHY, ...next }),
    calls: () => calls,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await Promise.race([pool.destroy(), sleep(1000)]);
    },
  };
};
