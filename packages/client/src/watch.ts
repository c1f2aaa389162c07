import type { Job } from "@deadiff/schemas/contracts";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { DeadiffApiError, WaitTimeout } from "./errors.ts";
import { pause, send, type TransportOptions } from "./transport.ts";

/** What is told while waiting. */
export type Update =
  | { readonly kind: "job"; readonly job: Job }
  | { readonly kind: "progress"; readonly phase: string; readonly step: number | null; readonly total: number | null; readonly preview_url: string | null };

/** How to wait. */
export interface WaitOptions {
  /** Default: ten minutes. Past it {@link WaitTimeout} is thrown and the job goes on. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onUpdate?: (update: Update) => void;
  /** Cancels the job when `signal` fires. Without it, stopping to wait leaves the job alone. */
  readonly cancelOnAbort?: boolean;
}

const TIMEOUT_MS = 600_000;
const LONG_POLL_S = 25;
const POLL_FIRST_MS = 1000;
const POLL_MAX_MS = 5000;
/** After so many streams in a row that brought nothing, the line is taken for one that does not carry streams. */
const BARREN_MAX = 2;

interface Watching {
  readonly transport: TransportOptions;
  readonly id: Job["id"];
  readonly signal: AbortSignal;
  /** Takes news; says whether the job ended. Older news than what is known is dropped. */
  readonly take: (job: Job) => boolean;
  readonly tell: (update: Update) => void;
  readonly known: () => Job | undefined;
}

/** Follows one stream to its end. Returns how many news it brought, and whether the job ended. */
const followStream = async ({ transport, id, signal, take, tell, known }: Watching): Promise<{ news: number; ended: boolean }> => {
  const last = known()?.version;
  const response = await transport.fetch(`${transport.baseUrl}/v1/jobs/${id}/events`, {
    headers: { authorization: `Bearer ${transport.apiKey}`, accept: "text/event-stream", ...(last === undefined ? {} : { "last-event-id": String(last) }) },
    signal,
  });
  if (!response.ok || response.body === null || !(response.headers.get("content-type") ?? "").startsWith("text/event-stream")) {
    await response.body?.cancel();
    return { news: 0, ended: false };
  }
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  let news = 0;
  for await (const { event, data } of events) {
    news += 1;
    if (event === "job") {
      if (take(JSON.parse(data) as Job)) return { news, ended: true };
    } else if (event === "progress") tell(JSON.parse(data) as Update);
  }
  return { news, ended: false };
};

/** One held read of the job. */
const longPoll = async ({ transport, id, signal, take, known }: Watching): Promise<boolean> => {
  const version = known()?.version;
  const response = await send(transport, {
    method: "GET",
    path: `/v1/jobs/${id}?wait_s=${LONG_POLL_S}`,
    repeatable: true,
    signal,
    serverWaitMs: LONG_POLL_S * 1000,
    ...(version === undefined ? {} : { headers: { "if-none-match": `"${version}"` } }),
  });
  return response.status !== 304 && take((await response.json()) as Job);
};

/**
 * Waits until the job ended, by the best way the line allows: a stream that resumes where it broke, else held reads, else plain
 * reads ever less often. A state that this client does not know only counts as an end when `is_terminal` says so.
 */
export const waitForJob = async (transport: TransportOptions, id: Job["id"], options: WaitOptions = {}): Promise<Job> => {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  let latest: Job | undefined;
  const tell = (update: Update): void => options.onUpdate?.(update);
  const take = (job: Job): boolean => {
    if (latest === undefined || job.version > latest.version) {
      latest = job;
      tell({ kind: "job", job });
    }
    return latest.is_terminal;
  };
  const watching: Watching = { transport, id, signal, take, tell, known: () => latest };
  try {
    let barren = 0;
    let pollMs = POLL_FIRST_MS;
    for (;;) {
      signal.throwIfAborted();
      if (barren < BARREN_MAX) {
        const { news, ended } = await followStream(watching).catch((error: unknown) => {
          signal.throwIfAborted();
          if (error instanceof DeadiffApiError) throw error;
          return { news: 0, ended: false };
        });
        if (ended) break;
        barren = news > 0 ? 0 : barren + 1;
      }
      const started = Date.now();
      if (await longPoll(watching)) break;
      // An answer that was not held back means that something on the way does not wait: then we do.
      if (barren >= BARREN_MAX && Date.now() - started < POLL_FIRST_MS) {
        await pause(pollMs * (0.8 + 0.4 * transport.random()), signal);
        pollMs = Math.min(POLL_MAX_MS, pollMs * 1.5);
      } else pollMs = POLL_FIRST_MS;
    }
  } catch (error) {
    if (options.signal?.aborted === true && options.cancelOnAbort === true) {
      // The caller's signal is spent; this call has the transport's own limits.
      await send(transport, { method: "POST", path: `/v1/jobs/${id}/cancel`, repeatable: true }).catch(() => undefined);
    }
    if (timeout.aborted && options.signal?.aborted !== true) throw new WaitTimeout(id, timeoutMs);
    throw error;
  }
  if (latest === undefined) throw new WaitTimeout(id, timeoutMs);
  return latest;
};
