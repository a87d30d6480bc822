/*
  accept: decides whether a value is an activity, member by member, and says of the first that is not what the rule is.
  It runs for every activity that is ever sent: valid ones allocate nothing but themselves, and no regular expression is
  run where a comparison does. It never throws, whatever the value is.
*/
import {
  ACTIVITY_TYPES,
  type Activity,
  type ActivityType,
  PERFORMER_TYPES,
  type Performer,
  type PerformerType,
} from '../activity/activity.ts';
import type { InstantProblem } from '../activity/instant.ts';
import { ITEM_ID, OBJECT_ID } from '../limits.ts';
import { hasInfinity, isKeepableId, jsonBytes } from './check-text.ts';
import { suggest } from './did-you-mean.ts';
import { readStart } from './read-start.ts';
import { pointerToken, type Rejection, type RejectionCode, reject } from './rejection.ts';

export interface ActivityRules {
  /** object-id: performedBy.id of a user or group must be a GUID. */
  readonly performerIds: 'object-id' | 'any';
  /** Largest activity as JSON without white space; at least ACTIVITY_BYTES_MAX_MIN. */
  readonly activityBytesMax: number;
  /** Whether the activity names its item itself. */
  readonly itemId: 'required' | 'absent';
}

/** The known members at their longest, every character escaped, stay below this. To measure costs more than all other checks. */
export const ACTIVITY_BYTES_MAX_MIN = 2048;
/** `\u0001`; as UTF-8 no unit of a text takes more. */
const ESCAPED_BYTES_MAX = 6;

export interface CheckedActivity {
  readonly ok: true;
  readonly activity: Activity;
  /** The caller's own id, for deduplication. */
  readonly id: string | null;
  /** Null when rules.itemId is absent. */
  readonly itemId: string | null;
}

const MEMBERS = ['type', 'startDateTime', 'performedBy', 'id'];
const BULK_MEMBERS = [...MEMBERS, 'itemId'];
const PERFORMER_MEMBERS = ['type', 'id'];

type Members = Readonly<Record<string, unknown>>;

export function checkActivity(value: unknown, rules: ActivityRules): CheckedActivity | Rejection {
  if (!isObject(value)) return reject('activity_not_object', '');
  const bulk = rules.itemId === 'required';
  const stray = findStray(value, bulk ? isBulkMember : isMember);
  if (typeof stray === 'string') return rejectStray(stray, '', value, bulk ? BULK_MEMBERS : MEMBERS);
  const { type, startDateTime, performedBy, id } = value;
  const itemId = bulk ? value['itemId'] : null;
  if (bulk && (typeof itemId !== 'string' || !ITEM_ID.test(itemId))) {
    return reject(isAbsent(itemId) ? 'item_id_missing' : 'item_id_invalid', '/itemId');
  }
  if (!isActivityType(type)) return rejectWord(type, '/type', 'type_missing', 'type_unknown', ACTIVITY_TYPES);
  if (typeof startDateTime !== 'string') {
    return reject(isAbsent(startDateTime) ? 'start_missing' : 'start_not_rfc3339', '/startDateTime');
  }
  const startMs = readStart(startDateTime);
  if (typeof startMs !== 'number') return reject(START_CODES[startMs], '/startDateTime');
  const performer = checkPerformer(performedBy, rules);
  if (performer.ok === false) return performer;
  if (!isAbsent(id) && !isKeepableId(id)) return reject('id_invalid', '/id');
  const bytesMax = ACTIVITY_BYTES_MAX_MIN + stray + performer.annotationBytes;
  if (bytesMax > rules.activityBytesMax && jsonBytes(value) > rules.activityBytesMax) {
    return reject(
      'activity_too_large',
      '',
      ` It may have ${rules.activityBytesMax} bytes of JSON without white space.`,
    );
  }
  return {
    ok: true,
    activity: { type, startMs, performedBy: performer.performedBy },
    id: isAbsent(id) ? null : id,
    itemId: itemId as string | null,
  };
}

const START_CODES: Readonly<Record<InstantProblem, RejectionCode>> = {
  format: 'start_not_rfc3339',
  zone: 'start_zone_missing',
  range: 'start_out_of_range',
};

interface CheckedPerformer {
  readonly ok: true;
  readonly performedBy: Performer;
  /** At most. */
  readonly annotationBytes: number;
}

function checkPerformer(value: unknown, rules: ActivityRules): CheckedPerformer | Rejection {
  if (!isObject(value)) return reject(isAbsent(value) ? 'performer_missing' : 'performer_not_object', '/performedBy');
  const stray = findStray(value, isPerformerMember);
  if (typeof stray === 'string') return rejectStray(stray, '/performedBy', value, PERFORMER_MEMBERS);
  const { type, id } = value;
  if (!isPerformerType(type)) {
    return rejectWord(type, '/performedBy/type', 'performer_type_missing', 'performer_type_unknown', PERFORMER_TYPES);
  }
  if (isAbsent(id)) return reject('performer_id_missing', '/performedBy/id');
  if (type === 'externalGroup' || rules.performerIds === 'any') {
    if (!isKeepableId(id)) return reject('performer_id_invalid', '/performedBy/id');
  } else if (typeof id !== 'string' || !OBJECT_ID.test(id)) {
    return reject('performer_id_not_object_id', '/performedBy/id');
  }
  return { ok: true, performedBy: { type, id }, annotationBytes: stray };
}

/**
 * The name of the first member that has no place here, or that no JSON can say; else the most bytes that annotations (`@odata.…`) may have as JSON.
 * They are dropped: ours are added towards Graph. Members that are null count as absent.
 */
function findStray(value: Members, isKnown: (name: string) => boolean): string | number {
  let bytes = 0;
  for (const name in value) {
    const member = value[name];
    if (isKnown(name) || member === null) continue;
    if (!name.startsWith('@odata.') || hasInfinity(member)) return name;
    bytes +=
      typeof member === 'string' ? (name.length + member.length + 1) * ESCAPED_BYTES_MAX : Number.POSITIVE_INFINITY;
  }
  return bytes;
}

function isMember(name: string): boolean {
  return name === 'type' || name === 'startDateTime' || name === 'performedBy' || name === 'id';
}

function isBulkMember(name: string): boolean {
  return isMember(name) || name === 'itemId';
}

function isPerformerMember(name: string): boolean {
  return name === 'type' || name === 'id';
}

function rejectStray(name: string, parent: string, members: Members, known: readonly string[]): Rejection {
  if (name.startsWith('@odata.') && hasInfinity(members[name])) {
    return reject('number_out_of_range', `${parent}/${pointerToken(name)}`);
  }
  if (name === 'itemId') return reject('member_unknown', '/itemId', ' The item is the one that the path names.');
  return reject('member_unknown', `${parent}/${pointerToken(name)}`, suggest(name, known));
}

function rejectWord(
  word: unknown,
  pointer: string,
  missing: RejectionCode,
  unknown: RejectionCode,
  words: readonly string[],
): Rejection {
  if (isAbsent(word)) return reject(missing, pointer);
  return reject(unknown, pointer, typeof word === 'string' ? suggest(word, words) : '');
}

function isActivityType(type: unknown): type is ActivityType {
  return type === 'viewed' || type === 'modified' || type === 'created' || type === 'commented';
}

function isPerformerType(type: unknown): type is PerformerType {
  return type === 'user' || type === 'group' || type === 'externalGroup';
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
