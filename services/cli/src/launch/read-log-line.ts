/* The JSON lines of our services, as people read them. */
import { inert } from '../inert.ts';

export interface LogLine {
  readonly msg: string;
  readonly [member: string]: unknown;
}

/** Null for what is not one of our log lines. */
export function parseLogLine(text: string): LogLine | null {
  if (!text.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'msg' in value && typeof value.msg === 'string'
      ? (value as LogLine)
      : null;
  } catch {
    return null;
  }
}

/** Level, text and cause of a log line; other text as it is. */
export function formatLogLine(text: string): string {
  const line = parseLogLine(text);
  if (line === null) return inert(text);
  const level = typeof line['level'] === 'string' ? `${line['level']}: ` : '';
  const err = line['err'];
  const said = typeof err === 'object' && err !== null && 'message' in err ? err.message : line['reason'];
  const cause = said === undefined ? '' : ` (${String(said)})`;
  return inert(`${level}${line.msg}${cause}`);
}
