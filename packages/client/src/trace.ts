/*
  The trace that is active when an activity is tracked, if the application uses OpenTelemetry. Its API is looked for and
  never required: without it there is nothing to pass on.
*/
import { createRequire } from 'node:module';

export type TraceHeaders = Readonly<Record<string, string>>;

interface TelemetryApi {
  readonly context: { active(): unknown };
  readonly propagation: { inject(context: unknown, carrier: Record<string, string>): void };
}

const PASSED_ON = ['traceparent', 'tracestate'];
const NONE: TraceHeaders = {};

export function openTrace(load: () => unknown = loadApi): () => TraceHeaders {
  const api = tryLoad(load);
  if (api === null) return () => NONE;
  return () => {
    const carrier: Record<string, string> = {};
    api.propagation.inject(api.context.active(), carrier);
    const passed = PASSED_ON.flatMap((name) => (typeof carrier[name] === 'string' ? [[name, carrier[name]]] : []));
    return passed.length === 0 ? NONE : Object.fromEntries(passed);
  };
}

function loadApi(): unknown {
  return createRequire(import.meta.url)('@opentelemetry/api');
}

function tryLoad(load: () => unknown): TelemetryApi | null {
  try {
    const api = load() as Partial<TelemetryApi> | null;
    return typeof api?.propagation?.inject === 'function' && typeof api.context?.active === 'function'
      ? (api as TelemetryApi)
      : null;
  } catch {
    return null;
  }
}
