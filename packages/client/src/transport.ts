import { problemSchema } from "@deadiff/schemas/contracts";
import { DeadiffApiError, DeadiffConnectionError } from "./errors.ts";

/** The `fetch` of any runtime. */
export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

/** How calls are sent. */
export interface TransportOptions {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly fetch: Fetch;
  /** Further tries of a call that may be repeated. */
  readonly retries: number;
  /** The longest one try may take, beside the time it asks the server to wait. */
  readonly timeoutMs: number;
  /** A number in [0, 1): spreads the back-off. */
  readonly random: () => number;
}

/** One call of the REST API. */
export interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Whether sending it twice is the same as sending it once. */
  readonly repeatable: boolean;
  /** How long the server was asked to hold the answer back. */
  readonly serverWaitMs?: number;
}

const FIRST_WAIT_MS = 500;
const WAIT_MAX_MS = 20_000;

/** Waits, or rejects with the signal's reason. */
export const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(reasonOf(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });

const reasonOf = (signal: AbortSignal | undefined): Error => (signal?.reason instanceof Error ? signal.reason : new Error("aborted"));

/** Milliseconds that a Retry-After header asks for, or `undefined`. */
const retryAfterMs = (response: Response): number | undefined => {
  const header = response.headers.get("retry-after");
  if (header === null) return undefined;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : undefined;
};

const problemOf = async (response: Response): Promise<DeadiffApiError | DeadiffConnectionError> => {
  const parsed = problemSchema.safeParse(await response.json().catch(() => undefined));
  return parsed.success ? new DeadiffApiError(parsed.data) : new DeadiffConnectionError(`the server answered ${response.status} without a problem document: is baseUrl right?`);
};

/** How long to wait before the next try. Full jitter: clients that failed together do not return together. */
const waitMs = (options: TransportOptions, attempt: number, response: Response | undefined): number =>
  ((response && retryAfterMs(response)) ?? 0) + Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** attempt) * options.random();

/** Whether time may mend what was answered: too many calls, a fault of the server, another call with the same key on its way. */
const mayMend = ({ status, headers }: Response): boolean => status === 429 || (status >= 500 && status !== 501) || (status === 409 && headers.has("retry-after"));

/**
 * `fetch` that tries a call again, if it may be repeated, after faults of the line and answers that time may mend: with growing, randomly
 * spread pauses, never earlier than Retry-After. Returns the last answer, whatever it says. Throws the reason of `init.signal`, or a
 * {@link DeadiffConnectionError} when no try was answered in `options.timeoutMs` (and `serverWaitMs`).
 */
export const fetchPatiently = async (options: TransportOptions, url: string, init: RequestInit, { repeatable, serverWaitMs = 0 }: Pick<Call, "repeatable" | "serverWaitMs">): Promise<Response> => {
  const asked = init.signal ?? undefined;
  for (let attempt = 0; ; attempt++) {
    const last = !repeatable || attempt >= options.retries;
    const limit = AbortSignal.timeout(options.timeoutMs + serverWaitMs);
    let response: Response | undefined;
    try {
      response = await options.fetch(url, { ...init, signal: asked === undefined ? limit : AbortSignal.any([asked, limit]) });
      if (last || !mayMend(response)) return response;
      await response.body?.cancel();
    } catch (cause) {
      if (asked?.aborted === true) throw reasonOf(asked);
      if (last) throw new DeadiffConnectionError(limit.aborted ? "the server did not answer in time" : "the server could not be reached", { cause });
    }
    await pause(waitMs(options, attempt, response), asked);
  }
};

/** Sends a call by {@link fetchPatiently}. Throws a {@link DeadiffApiError} for what the API refuses, or a {@link DeadiffConnectionError}. */
export const send = async (options: TransportOptions, { method, path, body, headers, signal, ...patience }: Call): Promise<Response> => {
  const init = {
    method,
    headers: { authorization: `Bearer ${options.apiKey}`, accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  };
  const response = await fetchPatiently(options, options.baseUrl + path, init, patience);
  if (response.ok || response.status === 304) return response;
  throw await problemOf(response);
};
