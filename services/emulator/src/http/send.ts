/* Writes answers that are no answers of Graph's: control, tokens, pages. */
import type { ServerResponse } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function jsonAnswer(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers } };
}

export function textAnswer(status: number, text: string): Answer {
  return { status, body: text, headers: { 'Content-Type': 'text/plain; charset=utf-8' } };
}

export function send(response: ServerResponse, { status, body, headers = {} }: Answer, nowMs: number): void {
  const length = { 'Content-Length': String(Buffer.byteLength(body)) };
  response.writeHead(status, {
    Date: new Date(nowMs).toUTCString(),
    'Cache-Control': 'no-store',
    ...headers,
    ...(status === 204 ? {} : length),
  });
  response.end(body);
}
