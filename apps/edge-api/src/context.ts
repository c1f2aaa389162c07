import type { Span } from "@opentelemetry/api";
import { newId, type Caller, type Connection, type Db, type Id } from "@deadiff/schemas";
import type { Turn } from "./admission.ts";
import type { Services } from "./ports/services.ts";
import { startRequest, traceparentOf } from "./tracing.ts";

/** What procedures say about the answer beyond its body; REST turns it into status and headers. */
export interface Reply {
  status?: number;
  headers: Record<string, string>;
}

/** One HTTP request, as procedures see it. */
export interface Context {
  readonly services: Services;
  readonly requestId: Id<"request">;
  readonly traceparent: string;
  /** The request's span, where traces are taken. */
  readonly span: Span | undefined;
  readonly apiKey: string | undefined;
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly ip: string | undefined;
  /** Fires when the caller hangs up. */
  readonly signal: AbortSignal;
  readonly reply: Reply;
  /** The request's database connection, opened at its first use. */
  readonly db: Db;
  /** Its place among the requests at hand; undefined for those that need none. */
  turn?: Turn | undefined;
  /** Set by the `authed` middleware, for logs. */
  caller?: Caller | undefined;
  /** Closes what the request opened. */
  readonly close: () => Promise<void>;
}

const hex = (bytes: number): string => Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The trace this request belongs to (W3C Trace Context): the caller's, continued, or a new one. */
const traceOf = (incoming: string | null): string => {
  const trace = /^00-([0-9a-f]{32})-[0-9a-f]{16}-0[01]$/.exec(incoming ?? "")?.[1];
  return `00-${trace ?? hex(16)}-${hex(8)}-01`;
};

const keyOf = (authorization: string | null): string | undefined => /^Bearer +([^\s]{1,200})$/i.exec(authorization ?? "")?.[1];

/** Makes the context of `request`. `ip` is the caller's address as the runtime knows it. */
export const createContext = (request: Request, services: Services, ip: string | undefined): Context => {
  let connection: Connection | undefined;
  const span = services.tracing === undefined ? undefined : startRequest(services.tracing, request);
  return {
    services,
    requestId: newId("request"),
    traceparent: span === undefined ? traceOf(request.headers.get("traceparent")) : traceparentOf(span),
    span,
    method: request.method,
    url: request.url,
    headers: request.headers,
    apiKey: keyOf(request.headers.get("authorization")),
    ip,
    signal: request.signal,
    reply: { headers: {} },
    get db() {
      connection ??= services.connect();
      return connection.db;
    },
    close: async () => {
      await connection?.close();
      connection = undefined;
    },
  };
};
