import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:https";
import { fileURLToPath } from "node:url";

const file = (name: string): string => fileURLToPath(new URL(`../../../infra/test/tls/${name}`, import.meta.url));

/** Where {@link startReceiver} listens: one of the two ports that endpoints may have, the one that needs no rights. */
export const RECEIVER = { url: "https://127.0.0.1:8443/hooks", certificateFile: file("receiver.crt") } as const;

/** A webhook message as it came in. */
interface Received {
  readonly id: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A server as an integrator runs it: keeps what comes and answers with `status` until told otherwise. */
export const startReceiver = async () => {
  const received: Received[] = [];
  const answer = { status: 200 };
  const server = createServer({ key: await readFile(file("receiver.key")), cert: await readFile(RECEIVER.certificateFile) }, (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      received.push({ id: headers["webhook-id"] ?? "", body: Buffer.concat(parts).toString(), headers });
      response.writeHead(answer.status).end(answer.status === 200 ? "thank you" : "not now");
    });
  });
  server.listen(Number(new URL(RECEIVER.url).port), "127.0.0.1");
  await once(server, "listening");
  return {
    received,
    answer,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
