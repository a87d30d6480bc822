/*
  Which dead letters a request means. Strict: an unknown member is refused, because a filter with a slip of the pen would
  choose everything.
*/
import { type DeadLetterFilter, ITEM_ID, parseInstant } from '@sluice/core';
import { refuseMember } from './console-problems.ts';

export type ChangeRequest =
  | { readonly ids: readonly string[] }
  | { readonly filter: DeadLetterFilter; readonly cursor: string | null };

export interface ListRequest {
  readonly filter: DeadLetterFilter;
  readonly cursor: string | null;
  readonly limit: number;
}

export const IDS_MAX = 10_000;
const LIMIT_MAX = 1000;
const LIMIT_DEFAULT = 100;
const TEXT_MAX = 256;

export function readListRequest(query: unknown): ListRequest {
  const { limit, cursor, ...filter } = membersOf(query, '', ['state', 'code', 'itemId', 'before', 'limit', 'cursor']);
  return { filter: readFilter(filter, ''), cursor: readCursor(cursor), limit: readLimit(limit) };
}

export function readChangeRequest(body: unknown): ChangeRequest {
  const { ids, filter, cursor } = membersOf(body, '', ['ids', 'filter', 'cursor']);
  if ((ids === undefined) === (filter === undefined)) {
    throw refuseMember('#', 'The body must have either "ids" or "filter"; {"filter":{}} means all.');
  }
  if (ids === undefined) return { filter: readFilter(filter, '/filter'), cursor: readCursor(cursor) };
  if (cursor !== undefined) throw refuseMember('#/cursor', 'cursor goes with "filter", not with "ids".');
  return { ids: readIds(ids) };
}

function readFilter(value: unknown, path: string): DeadLetterFilter {
  const { state, code, itemId, before } = membersOf(value, path, ['state', 'code', 'itemId', 'before']);
  return {
    ...(state !== undefined && { state: readState(state, path) }),
    ...(code !== undefined && { code: readCode(code, path) }),
    ...(itemId !== undefined && { itemId: readItemId(itemId, path) }),
    ...(before !== undefined && { beforeMs: readBefore(before, path) }),
  };
}

function readState(value: unknown, path: string): 'dead' | 'parked' {
  if (value === 'dead' || value === 'parked') return value;
  throw refuseMember(`#${path}/state`, 'state must be "dead" or "parked".');
}

function readCode(value: unknown, path: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= TEXT_MAX) return value;
  throw refuseMember(`#${path}/code`, `code must be a text of 1 to ${TEXT_MAX} characters.`);
}

function readItemId(value: unknown, path: string): string {
  if (typeof value === 'string' && ITEM_ID.test(value)) return value;
  throw refuseMember(`#${path}/itemId`, 'itemId must be 1 to 128 letters, digits, hyphens and underscores.');
}

function readBefore(value: unknown, path: string): number {
  const ms = typeof value === 'string' ? parseInstant(value) : null;
  if (typeof ms === 'number') return ms;
  throw refuseMember(`#${path}/before`, 'before must be an instant with seconds and zone, like 2026-01-31T13:45:00Z.');
}

function readIds(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > IDS_MAX) {
    throw refuseMember('#/ids', `ids must be a list of 1 to ${IDS_MAX} ids.`);
  }
  const at = value.findIndex((id) => typeof id !== 'string' || id.length > TEXT_MAX);
  if (at !== -1) throw refuseMember(`#/ids/${at}`, 'An id must be a text, as a list of dead letters gives it.');
  return value;
}

function readCursor(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && value.length <= TEXT_MAX) return value;
  throw refuseMember('#/cursor', 'cursor must be the `next` of an earlier answer.');
}

function readLimit(value: unknown): number {
  if (value === undefined) return LIMIT_DEFAULT;
  const limit = Number(value);
  if (typeof value === 'string' && /^\d+$/.test(value) && limit >= 1 && limit <= LIMIT_MAX) return limit;
  throw refuseMember('#/limit', `limit must be a whole number from 1 to ${LIMIT_MAX}.`);
}

/** The members of an object that has no others than these. */
function membersOf<Name extends string>(
  value: unknown,
  path: string,
  names: readonly Name[],
): Partial<Record<Name, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refuseMember(`#${path}`, 'An object is expected.');
  }
  const unknown = Object.keys(value).find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw refuseMember(
      `#${path}/${escapePointer(unknown)}`,
      `"${unknown.slice(0, TEXT_MAX)}" is not known here; ${names.join(', ')} are.`,
    );
  }
  return value;
}

function escapePointer(name: string): string {
  return name.slice(0, TEXT_MAX).replaceAll('~', '~0').replaceAll('/', '~1');
}
