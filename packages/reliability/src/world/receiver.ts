import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

const tls = (file: string): URL => new URL(`../../../../infra/test/tls/${file}`, import.meta.url);

/** The authority that workers must trust to deliver to {@link openReceiver}. */
export const RECEIVER_CA = tls("receiver.crt").pathname;

/** A webhook as it came in. */
export interface Arrival {
  /** The first part of the path: whose endpoint this is. */
  readonly name: string;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  readonly at: number;
  /** The how-many-th of its name. */
  readonly nth: number;
}

/** Answers an arrival; returns the status it answered, or 0 for none. */
export type Behaviour = (arrival: Arrival, response: ServerResponse) => number;

/** Says thanks. */
export const accept: Behaviour = (_, response) => {
  response.writeHead(200).end("ok");
  return 200;
};

/** Answers `status` and nothing else. */
export const answer =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (_, response) => {
    response.writeHead(status, headers).end();
    return status;
  };

/** Answers `status` to every third message when it first comes, and takes it when it comes again: within what a run can wait for. */
export const refuseOneInThree = (status: number): Behaviour => {
  const known = new Set<string>();
  return (arrival, response) => {
    const id = String(arrival.headers["webhook-id"]);
    const refused = !known.has(id) && known.add(id).size % 3 === 0;
    return (refused ? answer(status) : accept)(arrival, response);
  };
};

/** A server of webhooks whose answers each test chooses by name. */
export interface Receiver {
  readonly port: number;
  readonly behave: (name: string, behaviour: Behaviour) => void;
  readonly close: () => void;
}

/** Opens a receiver on loopback. `hear` is told of every arrival and what was answered. */
export const openReceiver = async (hear: (arrival: Arrival, answered: number) => void): Promise<Receiver> => {
  const behaviours = new Map<string, Behaviour>();
  const counts = new Map<string, number>();
  const server = createServer({ key: readFileSync(tls("receiver.key")), cert: readFileSync(tls("receiver.crt")) }, (request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("error", () => undefined);
    request.on("end", () => {
      const name = (request.url ?? "/").split("/")[1] ?? "";
      const nth = (counts.get(name) ?? 0) + 1;
      counts.set(name, nth);
      const arrival = { name, body: Buffer.concat(parts).toString(), headers: request.headers, at: Date.now(), nth };
      hear(arrival, (behaviours.get(name) ?? accept)(arrival, response));
    });
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    behave: (name, behaviour) => behaviours.set(name, behaviour),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
