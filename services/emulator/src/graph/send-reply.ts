/* Carries a planned reply out on the wire, with the headers that Graph sends. */
import type { ServerResponse } from 'node:http';
import { formatRetryAfter } from '../limits/retry-after.ts';
import { formatGraphError, formatThrottled, type RequestIds } from './graph-error.ts';
import type { PlannedReply } from './plan-call.ts';

const DIAGNOSTIC =
  '{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"EMULATOR"}}';

/** The status as it is counted: reset and lost have none. */
export function statusOf(reply: PlannedReply): number | 'reset' | 'lost' {
  switch (reply.kind) {
    case 'refused':
      return reply.refusal.status;
    case 'throttled':
      return 429;
    case 'sent':
      return reply.status;
    default:
      return reply.kind;
  }
}

export function sendReply(response: ServerResponse, reply: PlannedReply, ids: RequestIds, nowMs: number): void {
  if (reply.kind === 'reset' || reply.kind === 'lost') {
    // A reset, not a polite end: the client must not take it for a connection closed between two requests.
    response.socket?.resetAndDestroy();
    return;
  }
  const { status, body, headers } = onWire(reply, ids, nowMs);
  const ours: Record<string, string> = {
    'Cache-Control': 'private',
    Date: new Date(nowMs).toUTCString(),
    'request-id': ids.requestId,
    'client-request-id': ids.clientRequestId ?? ids.requestId,
    'x-ms-ags-diagnostic': DIAGNOSTIC,
  };
  if (body !== '') ours['Content-Type'] = 'application/json';
  if (status !== 204 && status !== 304) ours['Content-Length'] = String(Buffer.byteLength(body));
  response.writeHead(status, overridden(ours, headers));
  response.end(body);
}

interface OnWire {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

function onWire(reply: Exclude<PlannedReply, { kind: 'reset' | 'lost' }>, ids: RequestIds, nowMs: number): OnWire {
  switch (reply.kind) {
    case 'throttled': {
      const value = formatRetryAfter({ shape: reply.retryAfter, waitMs: reply.waitMs, nowMs });
      return {
        status: 429,
        body: formatThrottled(ids, nowMs),
        headers: value === null ? {} : { 'Retry-After': value },
      };
    }
    case 'refused': {
      const { refusal } = reply;
      return { status: refusal.status, body: formatGraphError(refusal, ids, nowMs), headers: refusal.headers ?? {} };
    }
    case 'sent':
      return reply;
    default:
      return reply satisfies never;
  }
}

/** Scripted headers take the place of ours whatever the case they are written in. */
function overridden(ours: Record<string, string>, theirs: Readonly<Record<string, string>>): Record<string, string> {
  const names = Object.keys(theirs);
  if (names.length === 0) return ours;
  const taken = new Set(names.map((name) => name.toLowerCase()));
  const kept = Object.entries(ours).filter(([name]) => !taken.has(name.toLowerCase()));
  return { ...Object.fromEntries(kept), ...theirs };
}
