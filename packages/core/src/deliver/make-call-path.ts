/*
  deliver: where a call goes. The ids were checked at accept, and are checked again here, because what stands in Redis may
  have been written by something else: `..` survives encodeURIComponent and would climb out of the path.
*/
import { CONNECTION_ID, ITEM_ID } from '../limits.ts';

export interface CallTarget {
  readonly version: 'v1.0' | 'beta';
  /** Graph's id of the connection, which need not be ours. */
  readonly graphConnectionId: string;
  readonly itemId: string;
}

/** An id that must never become part of a URL. */
export class CallTargetError extends Error {
  override readonly name = 'CallTargetError';
  readonly code = 'SLU_DELIVER_ID_INVALID';
}

/** The path under Graph's root; throws CallTargetError for an id outside its allow-list. */
export function makeCallPath({ version, graphConnectionId, itemId }: CallTarget): string {
  assertId('connection id', graphConnectionId, CONNECTION_ID);
  assertId('item id', itemId, ITEM_ID);
  return `/${version}/external/connections/${encodeURIComponent(graphConnectionId)}/items/${encodeURIComponent(itemId)}/addActivities`;
}

/** Of the connection itself, under a version of Graph. */
export function makeConnectionPath(graphConnectionId: string): string {
  assertId('connection id', graphConnectionId, CONNECTION_ID);
  return `/external/connections/${encodeURIComponent(graphConnectionId)}`;
}

function assertId(what: string, id: string, rule: RegExp): void {
  if (rule.test(id)) return;
  throw new CallTargetError(
    `${what} ${JSON.stringify(id.slice(0, 64))} does not match ${rule.source}; no call is made`,
  );
}
