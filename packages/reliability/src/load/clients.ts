import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { percentile } from "../figures.ts";

/** A call to send. */
export interface Call {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** What a load came to. */
export interface Measured {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How often each status was answered; 0 stands for no answer. */
  readonly statuses: Readonly<Record<number, number>>;
  readonly latenciesMs: ReadonlyMap<number, readonly number[]>;
}

const client = (apiUrl: string, connections: number) => {
  const pool = new Pool(apiUrl, { connections, pipelining: 1, headersTimeout: 30_000 });
  const latenciesMs = new Map<number, number[]>();
  const note = (status: number, ms: number): void => {
    const known = latenciesMs.get(status);
    if (known === undefined) latenciesMs.set(status, [ms]);
    else known.push(ms);
  };
  return {
    /** `since`: when the call was due, so that a queue before us counts as time too. */
    send: async ({ method, path, headers, body }: Call, since = performance.now()): Promise<void> => {
      try {
        const answer = await pool.request({ method, path, headers, body: body ?? null });
        await answer.body.dump();
        note(answer.statusCode, performance.now() - since);
      } catch {
        note(0, performance.now() - since);
      }
    },
    result: async (seconds: number): Promise<Measured> => {
      await pool.destroy();
      const good = [...latenciesMs].filter(([status]) => status >= 200 && status < 400).flatMap(([, all]) => all);
      return {
        perSecond: good.length / seconds,
        p50Ms: percentile(good, 0.5),
        p99Ms: percentile(good, 0.99),
        statuses: Object.fromEntries([...latenciesMs].map(([status, all]) => [status, all.length])),
        latenciesMs,
      };
    },
  };
};

/** As fast as `connections` clients can, each waiting for its answer before the next call. */
export const closedLoad = async (apiUrl: string, connections: number, seconds: number, next: () => Call): Promise<Measured> => {
  const { send, result } = client(apiUrl, connections);
  const started = performance.now();
  const end = started + seconds * 1000;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() < end) await send(next());
    }),
  );
  return result((performance.now() - started) / 1000);
};

/** `perSecond` calls a second whatever the answers do; a late answer is late from the moment its call was due. */
export const offeredLoad = async (apiUrl: string, perSecond: number, seconds: number, next: () => Call): Promise<Measured> => {
  const { send, result } = client(apiUrl, 256);
  const started = performance.now();
  const all: Promise<void>[] = [];
  for (let sent = 0; sent < perSecond * seconds; ) {
    const due = Math.min(perSecond * seconds, Math.floor(((performance.now() - started) / 1000) * perSecond));
    for (; sent < due; sent++) all.push(send(next(), started + (sent / perSecond) * 1000));
    await sleep(5);
  }
  await Promise.all(all);
  return result((performance.now() - started) / 1000);
};
