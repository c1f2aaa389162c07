import type { AppRouter } from "@deadiff/edge-api";
import type { CreateJobInput, Job, Upload } from "@deadiff/schemas/contracts";
import { createTRPCClient, httpBatchLink, type TRPCClient } from "@trpc/client";
import { JobNotSucceeded } from "./errors.ts";
import { fetchPatiently, send, type Fetch, type TransportOptions } from "./transport.ts";
import { uploadPicture, type Picture } from "./upload.ts";
import { waitForJob, type WaitOptions } from "./watch.ts";

/** How a client is made. */
export interface ClientOptions {
  /** `dd_live_...` or `dd_test_...`. */
  readonly apiKey: string;
  /** Where the API is, without `/v1`. */
  readonly baseUrl: string;
  /** Default: the runtime's own. */
  readonly fetch?: Fetch;
  /** Further tries of a call that may be repeated. Default 5. */
  readonly retries?: number;
  /** The longest one try may take. Default 30 s. */
  readonly timeoutMs?: number;
  /** Default: Math.random. */
  readonly random?: () => number;
}

/** How one create is sent. */
export interface CreateOptions {
  /** Made here when left out, one per call of `create`: its retries find the same job. Give your own to be safe across restarts too. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** The API, typed. */
export interface DeadiffClient {
  /** Every procedure of the API, as tRPC calls. Queries are tried again as they may be; mutations are sent once. */
  readonly api: TRPCClient<AppRouter>;
  /** Queues a job. Safe to repeat: it never makes two. */
  readonly create: (job: CreateJobInput, options?: CreateOptions) => Promise<Job>;
  /** Waits until a job ended, however it ended. */
  readonly wait: (id: Job["id"], options?: WaitOptions) => Promise<Job>;
  /** `create` and `wait`; throws {@link JobNotSucceeded} unless there are pictures. */
  readonly run: (job: CreateJobInput, options?: CreateOptions & WaitOptions) => Promise<Job>;
  readonly cancel: (id: Job["id"]) => Promise<Job>;
  /** Uploads a picture to use as a reference. */
  readonly upload: (picture: Picture, signal?: AbortSignal) => Promise<Upload>;
}

/** Makes a client. Works in Node, browsers and workers; nothing is sent until it is used. */
export const createClient = (options: ClientOptions): DeadiffClient => {
  const transport: TransportOptions = {
    apiKey: options.apiKey,
    baseUrl: options.baseUrl.replace(/\/+$/, ""),
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    retries: options.retries ?? 5,
    timeoutMs: options.timeoutMs ?? 30_000,
    random: options.random ?? Math.random,
  };
  const create: DeadiffClient["create"] = async (job, { idempotencyKey = crypto.randomUUID(), signal } = {}) => {
    const response = await send(transport, { method: "POST", path: "/v1/jobs", body: job, headers: { "idempotency-key": idempotencyKey }, repeatable: true, signal });
    return (await response.json()) as Job;
  };
  const wait: DeadiffClient["wait"] = (id, waitOptions) => waitForJob(transport, id, waitOptions);
  const fetchForTrpc = (url: unknown, init: RequestInit = {}) => fetchPatiently(transport, String(url), init, { repeatable: init.method === "GET" });
  return {
    api: createTRPCClient<AppRouter>({
      links: [httpBatchLink({ url: `${transport.baseUrl}/trpc`, headers: { authorization: `Bearer ${options.apiKey}` }, fetch: (url, init) => fetchForTrpc(url, init as RequestInit) })],
    }),
    create,
    wait,
    run: async (job, runOptions = {}) => {
      const done = await wait((await create(job, runOptions)).id, runOptions);
      if (done.state !== "succeeded") throw new JobNotSucceeded(done);
      return done;
    },
    cancel: async (id) => (await (await send(transport, { method: "POST", path: `/v1/jobs/${id}/cancel`, repeatable: true })).json()) as Job,
    upload: (picture, signal) => uploadPicture(transport, picture, signal),
  };
};
