/*
  One logger for every process: JSON lines on stdout, and only what was meant to be logged.

  What may leave is an allow-list by shape: text, numbers, booleans and short lists of them pass, cleaned of credentials;
  an error passes as type, message and code; any other object is left out. pino's own redaction goes by path, and what leaks
  in practice (a Redis URL inside an error's message, a nested cause) has no path one could name beforehand.
*/
import { pino, stdTimeFunctions } from 'pino';
import { cleanText } from './clean-text.ts';

/** Text, numbers, booleans, short lists of them, and `err`. Other objects are left out of the line. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  fatal(fields: LogFields, text: string): void;
  error(fields: LogFields, text: string): void;
  warn(fields: LogFields, text: string): void;
  info(fields: LogFields, text: string): void;
  debug(fields: LogFields, text: string): void;
  /** A logger whose lines all carry these fields. */
  child(fields: LogFields): Logger;
}

export interface LogDestination {
  write(line: string): void;
}

const LIST_MAX = 20;
const CAUSES_MAX = 3;
const SECRET_NAME = /(secret|password|passwd|token|authorization|cookie|api_?key|credential)$/i;

/** pino's levels: fatal, error, warn, info, debug, trace, silent. */
export function createLogger(service: string, level = 'info', destination?: LogDestination): Logger {
  const stackShown = level === 'debug' || level === 'trace';
  const options = {
    level,
    messageKey: 'msg',
    timestamp: stdTimeFunctions.isoTime,
    base: { service },
    // Errors are described below, wherever they stand; pino's own serialiser would add the stack and every property.
    serializers: { err: (err: unknown) => err },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: LogFields) => allowed(fields, stackShown),
    },
  };
  // stdout is written synchronously: the last line before an exit is the one that matters most. Said, because pino's default is not,
  // and then flushes at exit, for ever when the reader of stdout is gone (sonic-boom 4.2.1, flushSync retries EPIPE).
  return asLogger(pino(options, destination ?? pino.destination({ dest: 1, sync: true })), {}, stackShown);
}

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug';
type Sink = { readonly [level in Level]: (fields: object, text: string) => void } & {
  isLevelEnabled(level: string): boolean;
};

function asLogger(sink: Sink, bound: LogFields, stackShown: boolean): Logger {
  // What is not logged costs nothing, so that debug lines may stand on busy paths.
  const at = (level: Level) => {
    if (!sink.isLevelEnabled(level)) return () => {};
    return (fields: LogFields, text: string) => sink[level]({ ...bound, ...fields }, cleanText(text));
  };
  return {
    fatal: at('fatal'),
    error: at('error'),
    warn: at('warn'),
    info: at('info'),
    debug: at('debug'),
    child: (fields) => asLogger(sink, { ...bound, ...allowed(fields, stackShown) }, stackShown),
  };
}

function allowed(fields: LogFields, stackShown: boolean): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const secret = typeof value === 'string' && SECRET_NAME.test(name);
    const kept = secret ? '[redacted]' : allowedValue(value, stackShown);
    if (kept !== undefined) out[name] = kept;
  }
  return out;
}

function allowedValue(value: unknown, stackShown: boolean): unknown {
  if (value instanceof Error) return describeError(value, stackShown, CAUSES_MAX);
  if (Array.isArray(value)) {
    return value
      .slice(0, LIST_MAX)
      .map(allowedScalar)
      .filter((kept) => kept !== undefined);
  }
  if (isDescribedError(value)) return value;
  return allowedScalar(value);
}

function allowedScalar(value: unknown): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value === 'bigint') return String(value);
  return value === null || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

// A child's fields were cleaned when it was made and pass a second time with each line; only our own descriptions pass then.
const described = new WeakSet<object>();
function isDescribedError(value: unknown): boolean {
  return typeof value === 'object' && value !== null && described.has(value);
}

function describeError(error: Error, stackShown: boolean, causesLeft: number): Record<string, unknown> {
  const code: unknown = 'code' in error ? error.code : undefined;
  const out: Record<string, unknown> = { type: cleanText(error.name), message: cleanText(error.message) };
  if (typeof code === 'string' || typeof code === 'number') out['code'] = code;
  if (stackShown && error.stack !== undefined) out['stack'] = cleanText(error.stack);
  if (error.cause instanceof Error && causesLeft > 0) {
    out['cause'] = describeError(error.cause, stackShown, causesLeft - 1);
  }
  described.add(out);
  return out;
}
