/*
  Traces, off unless OTEL_ variables ask for them: then nothing of OpenTelemetry is even loaded. A span for the request that
  brought activities, continuing its caller's, and one for the call to Graph that carried them, linked to all it carried.
  Attributes are counts, routes, statuses and connections; never an item, an id of an activity or a performer.
*/
import type { CallStatus } from './metrics.ts';

/** Null where there is none: tracing is off. */
export type Tracing = OpenTracing | null;

export interface RequestToTrace {
  readonly method: string;
  /** The pattern of the route. */
  readonly route: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface CallToTrace {
  readonly connection: string;
  /** The call's client-request-id. */
  readonly leaseId: string;
  readonly entries: number;
  /** traceparents of the requests that brought them. */
  readonly origins: readonly string[];
}

export interface EndedCall {
  readonly status: CallStatus | null;
  readonly delivered: number;
  readonly requestId: string | null;
  readonly ms: number;
  /** Why not all of it was delivered; null: it was. */
  readonly reason: string | null;
}

export interface OpenTracing {
  /** Runs `next` inside a span of the request; what is answered is told to what this answers. */
  beginRequest(request: RequestToTrace, next: () => void): (answer: { readonly status: number }) => void;
  /** Of the request that is being answered here; null: outside of one, or nobody wants its trace. */
  traceparent(): string | null;
  beginCall(call: CallToTrace): (ended: EndedCall) => void;
  /** Sends what was not sent yet. */
  close(): Promise<void>;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The usual meanings: an endpoint or OTEL_TRACES_EXPORTER=otlp turns traces on; none, or OTEL_SDK_DISABLED, off. */
export function isTracingWanted(variables: Variables): boolean {
  const of = (name: string) => variables[name]?.trim() ?? '';
  if (of('OTEL_SDK_DISABLED').toLowerCase() === 'true') return false;
  const exporters = of('OTEL_TRACES_EXPORTER');
  if (exporters !== '') return exporters.split(',').some((name) => name.trim() === 'otlp');
  return of('OTEL_EXPORTER_OTLP_ENDPOINT') !== '' || of('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') !== '';
}

export interface TracedService {
  /** Names the process where OTEL_SERVICE_NAME does not. */
  readonly service: string;
  readonly version: string;
  /** The collector does not take spans. Told once, until it has taken some. */
  readonly onLost: (error: unknown) => void;
}

export async function openTracing(variables: Variables, traced: TracedService): Promise<Tracing> {
  if (!isTracingWanted(variables)) return null;
  const { openOtelTracing } = await import('./otel-tracing.ts');
  return openOtelTracing(variables, traced);
}
