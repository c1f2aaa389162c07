import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags, type Context, type Span, type Tracer } from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { TracerProvider, type ReadableSpan, type SpanProcessor } from "@opentelemetry/sdk-trace";

/** Where traces go: an OTLP collector's base address, and headers such as a key. */
export interface TracingOptions {
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly onError: (error: unknown) => void;
}

/** Records spans and brings them to a collector. */
export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what has ended since the last time. Never rejects. */
  readonly flush: () => Promise<void>;
}

/** Spans that ended: sent by whoever flushes. Without timers, because workerd lets none outlive a request. */
const collect = (): SpanProcessor & { readonly take: () => ReadableSpan[] } => {
  const ended: ReadableSpan[] = [];
  return {
    onStart: () => undefined,
    onEnd: (span) => {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) ended.push(span);
    },
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
    take: () => ended.splice(0),
  };
};

/**
 * Traces over OTLP/HTTP as JSON, by `fetch` alone, so that it is the same in workerd and on Node: OpenTelemetry's own exporter
 * speaks through Node's sockets or a browser's beacons.
 */
export const createTracing = ({ endpoint, headers, onError }: TracingOptions): Tracing => {
  const collected = collect();
  const provider = new TracerProvider({ resource: resourceFromAttributes({ "service.name": "edge-api" }), spanProcessors: [collected] });
  const url = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
  return {
    tracer: provider.getTracer("edge-api"),
    flush: async () => {
      const spans = collected.take();
      const body = spans.length === 0 ? undefined : JsonTraceSerializer.serializeRequest(spans);
      if (body === undefined) return;
      try {
        const response = await fetch(url, { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: new Uint8Array(body), signal: AbortSignal.timeout(5000) });
        await response.body?.cancel();
        if (!response.ok) throw new Error(`the trace collector answered ${response.status}`);
      } catch (error) {
        onError(error);
      }
    },
  };
};

const parentOf = (traceparent: string | null): Context => {
  const parent = parseTraceParent(traceparent ?? "");
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
};

/** Begins the span of a request, as part of the caller's trace when there is one. */
export const startRequest = ({ tracer }: Tracing, request: Request): Span =>
  tracer.startSpan(request.method, { kind: SpanKind.SERVER, attributes: { "http.request.method": request.method, "url.path": new URL(request.url).pathname.slice(0, 200) } }, parentOf(request.headers.get("traceparent")));

/** A span as the header that carries it on (W3C Trace Context). */
export const traceparentOf = (span: Span): string => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;
};

/** Sends messages, each within a span of its own in its own trace, whose header it carries on. Without tracing, as they are. */
export const tracedSend = async <Message extends { readonly traceparent: string }>(tracing: Tracing | undefined, messages: readonly Message[], send: (messages: readonly Message[]) => Promise<void>): Promise<void> => {
  if (tracing === undefined) return send(messages);
  const attributes = { "messaging.system": "aws_sqs", "messaging.batch.message_count": messages.length };
  const spans = messages.map(({ traceparent }) => tracing.tracer.startSpan("jobs send", { kind: SpanKind.PRODUCER, attributes }, parentOf(traceparent)));
  try {
    await send(messages.map((message, i) => ({ ...message, traceparent: spans[i] === undefined ? message.traceparent : traceparentOf(spans[i]) })));
  } catch (error) {
    for (const span of spans) span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    throw error;
  } finally {
    for (const span of spans) span.end();
    await tracing.flush();
  }
};
