export { CONNECTION_STATES, type Fleet, type FleetConnection, renderFleet } from './fleet-metrics.ts';
export { limitLogs } from './limit-logs.ts';
export { createLogger, type LogDestination, type LogFields, type Logger } from './logger.ts';
export { type CallStatus, createMetrics, type Metrics } from './metrics.ts';
export {
  type CallToTrace,
  type EndedCall,
  type OpenTracing,
  openTracing,
  type RequestToTrace,
  type Tracing,
} from './tracing.ts';
