/*
  Decides whether Graph would take a body: an `activities` list of 1 to 20, each whole. One bad activity refuses the call, as
  Graph does for a missing @odata.type. Where Graph's behaviour is not documented (more than 20, an empty list) the answer
  is a 400 that names the rule.
*/
import { isObject } from '../is-object.ts';
import type { GraphCall } from './call.ts';
import type { Refusal } from './graph-error.ts';

/** An activity as it was sent, checked. */
export interface SentActivity {
  readonly '@odata.type': string;
  readonly type: string;
  readonly startDateTime: string;
  readonly performedBy: { readonly type: string; readonly id: string };
}

export type ActivitiesVerdict = { readonly activities: readonly SentActivity[] } | { readonly refusal: Refusal };

export const ACTIVITIES_MAX = 20;
export const ACTIVITY_ODATA_TYPE = '#microsoft.graph.externalConnectors.externalActivity';
const TYPES = new Set<unknown>(['viewed', 'modified', 'created', 'commented']);
const PERFORMER_TYPES = new Set<unknown>(['user', 'group', 'externalGroup']);
/** The pattern of Microsoft's OpenAPI for Edm.DateTimeOffset. */
const START =
  /^([0-9]{4,})-(0[1-9]|1[012])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,12})?(Z|[+-][0-9][0-9]:[0-9][0-9])$/;

export function checkActivities(call: GraphCall, body: Buffer | 'too-large'): ActivitiesVerdict {
  if (body === 'too-large') return refused('RequestEntityTooLarge', 'Request entity too large: more than 4 MB.', 413);
  const headers = contentProblem(call);
  if (headers !== null) return { refusal: headers };
  const value = parse(body);
  if (value === undefined) return refused('BadRequest', 'Unable to read JSON request payload. It is not valid JSON.');
  if (!isObject(value)) return refused('BadRequest', 'The body must be a JSON object.');
  const stray = Object.keys(value).find((name) => name !== 'activities' && !name.startsWith('@odata.'));
  if (stray !== undefined) return refused('BadRequest', `The parameter '${stray.slice(0, 80)}' is not valid here.`);
  const { activities } = value;
  if (!Array.isArray(activities)) return refused('invalidRequest', "The parameter 'activities' must be a list.");
  if (activities.length === 0) return refused('invalidRequest', "The parameter 'activities' must not be empty.");
  if (activities.length > ACTIVITIES_MAX) {
    return refused('invalidRequest', `At most ${ACTIVITIES_MAX} activities a call; there are ${activities.length}.`);
  }
  for (let i = 0; i < activities.length; i++) {
    const problem = activityProblem(activities[i]);
    if (problem !== null) return refused(problem[0], `activities[${i}]${problem[1]}`);
  }
  return { activities };
}

function contentProblem({ contentType, contentEncoding }: GraphCall): Refusal | null {
  if (contentType === null) {
    const text = 'Write requests (excluding DELETE) must contain the Content-Type header declaration.';
    return { status: 400, code: 'BadRequest', text };
  }
  if (!/^application\/json *(;|$)/i.test(contentType)) {
    return { status: 415, code: 'UnsupportedMediaType', text: 'The Content-Type must be application/json.' };
  }
  if (contentEncoding !== null && contentEncoding.toLowerCase() !== 'identity') {
    return { status: 415, code: 'UnsupportedMediaType', text: 'A Content-Encoding is not supported.' };
  }
  return null;
}

type Problem = readonly [code: string, text: string];
const INVALID = 'invalidRequest';

function activityProblem(activity: unknown): Problem | null {
  if (!isObject(activity)) return [INVALID, ' must be an object.'];
  if (activity['@odata.type'] !== ACTIVITY_ODATA_TYPE) {
    return ['InvalidRequest', `: the property '@odata.type' must be '${ACTIVITY_ODATA_TYPE}'.`];
  }
  for (const name in activity) {
    if (!isActivityMember(name)) return [INVALID, `: the property '${name.slice(0, 80)}' does not exist on the type.`];
  }
  if (!TYPES.has(activity['type'])) return [INVALID, '.type must be viewed, modified, created or commented.'];
  const { startDateTime } = activity;
  if (typeof startDateTime !== 'string' || !isStart(startDateTime)) {
    return [INVALID, '.startDateTime must be an Edm.DateTimeOffset with seconds and a zone.'];
  }
  return performerProblem(activity['performedBy']);
}

function performerProblem(performer: unknown): Problem | null {
  if (!isObject(performer)) return [INVALID, '.performedBy must be an object with type and id.'];
  for (const name in performer) {
    if (name !== 'type' && name !== 'id' && !name.startsWith('@odata.')) {
      return [INVALID, `.performedBy: the property '${name.slice(0, 80)}' does not exist on the type.`];
    }
  }
  if (!PERFORMER_TYPES.has(performer['type'])) {
    return [INVALID, '.performedBy.type must be user, group or externalGroup.'];
  }
  const { id } = performer;
  return typeof id === 'string' && id !== '' ? null : [INVALID, '.performedBy.id must be text.'];
}

/** `id` is inherited from entity: read-only, but declared. */
function isActivityMember(name: string): boolean {
  return (
    name === 'type' || name === 'startDateTime' || name === 'performedBy' || name === 'id' || name.startsWith('@odata.')
  );
}

/** The pattern, and what the pattern cannot say: years 0001 to 9999, and days that the month has. */
function isStart(text: string): boolean {
  const match = START.exec(text);
  if (match === null || match[1]!.length > 4 || match[1] === '0000') return false;
  const day = Number(match[3]);
  return day <= 28 || day <= daysInMonth(Number(match[1]), Number(match[2]));
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function refused(code: string, text: string, status = 400): ActivitiesVerdict {
  return { refusal: { status, code, text } };
}
