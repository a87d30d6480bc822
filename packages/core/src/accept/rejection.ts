/* Why an activity is refused: every code with its sentence. Codes are stable; programs look at them. */

export const REJECTIONS = {
  activity_not_object: 'An activity is a JSON object.',
  activity_too_large: 'The activity is too large.',
  member_unknown: 'There is no such member.',
  number_out_of_range: 'A number is too large to be kept.',
  type_missing: 'type is missing; it says what was done: viewed, modified, created or commented.',
  type_unknown: 'type must be one of viewed, modified, created, commented.',
  start_missing: 'startDateTime is missing; it says when it was done.',
  start_not_rfc3339:
    'startDateTime must be an RFC 3339 time with seconds and a zone, such as 2026-01-31T13:45:00Z, with at most 12 fraction digits.',
  start_zone_missing: 'startDateTime has no zone: add Z or an offset such as +01:00.',
  start_out_of_range: 'startDateTime must be a time that exists, in the years 0001 to 9999, without a leap second.',
  performer_missing: 'performedBy is missing; it says who did it.',
  performer_not_object: 'performedBy must be an object with type and id.',
  performer_type_missing: 'performedBy.type is missing; it must be user, group or externalGroup.',
  performer_type_unknown: 'performedBy.type must be one of user, group, externalGroup.',
  performer_id_missing: 'performedBy.id is missing.',
  performer_id_not_object_id:
    'performedBy.id of a user or group is the Entra object id, a GUID; not a UPN, e-mail or employee number.',
  performer_id_invalid: 'performedBy.id must be a text of 1 to 128 characters, without NUL and half surrogate pairs.',
  id_invalid: 'id must be a text of 1 to 128 characters, without NUL and half surrogate pairs.',
  item_id_missing: 'itemId is missing; it names the item that the activity was on.',
  item_id_invalid: 'An item id is 1 to 128 letters, digits, hyphens and underscores.',
} as const satisfies Readonly<Record<string, string>>;

export type RejectionCode = keyof typeof REJECTIONS;

/** Why a body is refused as a whole. */
export const BODY_REFUSALS = {
  body_not_object: 'The body must be a JSON object.',
  body_member_unknown: 'There is no such member beside activities.',
  body_number_out_of_range: 'A number is too large to be kept.',
  activities_not_list: 'activities must be a list.',
  no_activities: 'There is no activity in the body.',
  too_many_activities: 'There are too many activities in one body.',
} as const satisfies Readonly<Record<string, string>>;

export type BodyRefusalCode = keyof typeof BODY_REFUSALS;

/** `pointer` begins at what was checked: a slash and a member, or nothing for the whole. */
export interface Rejection {
  readonly ok: false;
  readonly pointer: string;
  readonly code: RejectionCode;
  readonly message: string;
}

export function reject(code: RejectionCode, pointer: string, more = ''): Rejection {
  return { ok: false, pointer, code, message: REJECTIONS[code] + more };
}

const NAME_SHOWN_MAX = 64;

/** A member's name as the token of a JSON pointer in a URI fragment (RFC 6901, section 6). */
export function pointerToken(name: string): string {
  const shown = name.slice(0, NAME_SHOWN_MAX).toWellFormed();
  return encodeURIComponent(shown.replaceAll('~', '~0').replaceAll('/', '~1'));
}
