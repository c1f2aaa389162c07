import { ROOT_CONTEXT, SpanStatusCode, trace, type Attributes, type Context, type Span, type SpanKind } from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import type { Timed } from "./generate.ts";

/** Brings this process's spans to the collector that OTEL_EXPORTER_OTLP_* name. Without this, spans cost nothing and go nowhere. */
export const startTracing = async (service: string): Promise<{ readonly stop: () => Promise<void> }> => {
  // Memory that only those pay who have a collector.
  const [{ OTLPTraceExporter }, { resourceFromAttributes }, { BatchSpanProcessor, TracerProvider }] = await Promise.all([
    import("@opentelemetry/exporter-trace-otlp-http"), import("@opentelemetry/resources"), import("@opentelemetry/sdk-trace"),
  ]);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(), scheduledDelayMillis: 1000 })],
  });
  trace.setGlobalTracerProvider(provider);
  return { stop: () => provider.shutdown() };
};

/** The trace that a header belongs to (W3C Trace Context). */
export const traceOf = (traceparent: string | null | undefined): Context => {
  const parent = parseTraceParent(traceparent ?? "");
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
};

/** Writes spans of work that another process did and timed. */
export const recordTimed = (timeline: readonly Timed[], parent: Context, attributes: Attributes): void => {
  for (const { name, startMs, endMs, steps } of timeline) {
    const span = trace.getTracer("gpu-worker").startSpan(name, { startTime: startMs, attributes }, parent);
    recordTimed(steps, trace.setSpan(parent, span), attributes);
    span.end(endMs);
  }
};

/** Does work within a span. A span of work that throws is an error. */
export const inSpan = async <T>(
  name: string,
  { parent, kind, attributes }: { readonly parent: Context; readonly kind?: SpanKind; readonly attributes?: Attributes },
  work: (span: Span, context: Context) => Promise<T>,
): Promise<T> => {
  const span = trace.getTracer("gpu-worker").startSpan(name, { ...(kind === undefined ? {} : { kind }), ...(attributes === undefined ? {} : { attributes }) }, parent);
  try {
    return await work(span, trace.setSpan(parent, span));
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
    throw error;
  } finally {
    span.end();
  }
};
