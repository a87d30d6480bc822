/* Traces with OpenTelemetry's SDK, to a collector that speaks OTLP over http with JSON. Loaded only when somebody wants traces. */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { CallToTrace, EndedCall, OpenTracing, RequestToTrace, TracedService } from './tracing.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** While the collector is away spans are kept up to this number, and dropped beyond it. */
const QUEUED_MAX = 2048;
const EXPORTED_AT_ONCE = 512;
const EXPORT_EVERY_MS = 2000;
const EXPORT_MS_MAX = 5000;
/** ExportResultCode.SUCCESS */
const EXPORTED = 0;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/;

export function openOtelTracing(variables: Variables, { service, version, onLost }: TracedService): OpenTracing {
  const provider = new TracerProvider({
    sampler: samplerOf(variables),
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES beat our own names.
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': `sluice-${service}`, 'service.version': version }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [
      new BatchSpanProcessor({
        // Address, headers and the like: the exporter reads the OTEL_EXPORTER_OTLP_ variables itself.
        exporter: tellOfLost(new OTLPTraceExporter(), onLost),
        maxQueueSize: QUEUED_MAX,
        maxExportBatchSize: EXPORTED_AT_ONCE,
        scheduledDelayMillis: EXPORT_EVERY_MS,
        exportTimeoutMillis: EXPORT_MS_MAX,
      }),
    ],
  });
  const tracer = provider.getTracer('sluice', version);
  const requests = new AsyncLocalStorage<Span>();

  function beginRequest({ method, route, headers }: RequestToTrace, next: () => void) {
    const span = tracer.startSpan(
      `${method} ${route}`,
      { kind: SpanKind.SERVER, attributes: { 'http.request.method': method, 'http.route': route } },
      contextOf(parseTraceparent(headers['traceparent'])),
    );
    requests.run(span, next);
    return ({ status }: { readonly status: number }) => {
      span.setAttribute('http.response.status_code', status);
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    };
  }

  function beginCall({ connection, leaseId, entries, origins }: CallToTrace) {
    const links = origins.map(parseTraceparent).filter((context) => context !== null);
    const startMs = Date.now();
    // One call may carry entries of many requests: it is a part of the first one's trace, and linked to all.
    const span = tracer.startSpan(
      'addActivities',
      {
        kind: SpanKind.CLIENT,
        startTime: startMs,
        links: links.map((context): Link => ({ context })),
        attributes: {
          'http.request.method': 'POST',
          'sluice.connection': connection,
          'sluice.client_request_id': leaseId,
          'sluice.entries': entries,
        },
      },
      contextOf(links[0] ?? null),
    );
    return ({ status, delivered, requestId, ms, reason }: EndedCall) => {
      span.setAttribute('sluice.delivered', delivered);
      if (typeof status === 'number') span.setAttribute('http.response.status_code', status);
      else if (status !== null) span.setAttribute('error.type', status);
      if (requestId !== null) span.setAttribute('sluice.request_id', requestId);
      if (reason !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
      span.end(startMs + ms);
    };
  }

  return {
    beginRequest,
    traceparent: () => {
      const context = requests.getStore()?.spanContext();
      return context === undefined || (context.traceFlags & TraceFlags.SAMPLED) === 0
        ? null
        : formatTraceparent(context);
    },
    beginCall,
    close: () => provider.shutdown().catch(() => {}),
  };
}

/** While a collector is away each export fails: that is told once, until one has succeeded. */
function tellOfLost(exporter: OTLPTraceExporter, onLost: TracedService['onLost']): OTLPTraceExporter {
  const send = exporter.export.bind(exporter);
  let isLost = false;
  exporter.export = (spans, done) =>
    send(spans, (result) => {
      const failed = result.code !== EXPORTED;
      if (failed && !isLost) onLost(result.error);
      isLost = failed;
      done(result);
    });
  return exporter;
}

function contextOf(parent: SpanContext | null): Context {
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
}

/** Null: none was given, or it is none by the W3C's rules; then a trace begins here. */
function parseTraceparent(text: string | string[] | undefined): SpanContext | null {
  const match = typeof text === 'string' ? TRACEPARENT.exec(text.trim()) : null;
  if (match === null || text?.toString().startsWith('ff')) return null;
  const context = { traceId: match[1]!, spanId: match[2]!, traceFlags: Number.parseInt(match[3]!, 16), isRemote: true };
  return isSpanContextValid(context) ? context : null;
}

function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** OTEL_TRACES_SAMPLER and its argument. */
function samplerOf(variables: Variables): Sampler {
  const name = (variables['OTEL_TRACES_SAMPLER']?.trim() ?? '').toLowerCase();
  const ratio = new TraceIdRatioBasedSampler(shareOf(variables['OTEL_TRACES_SAMPLER_ARG']));
  const base = name.endsWith('traceidratio')
    ? ratio
    : name.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new AlwaysOnSampler();
  const alone = ['always_on', 'always_off', 'traceidratio'].includes(name);
  return alone ? base : new ParentBasedSampler({ root: base });
}

/** OpenTelemetry's rule: an empty variable is none, and one that is no share from 0 to 1 counts as 1. */
function shareOf(text: string | undefined): number {
  const given = text?.trim() ?? '';
  const share = Number(given);
  return given !== '' && share >= 0 && share <= 1 ? share : 1;
}
