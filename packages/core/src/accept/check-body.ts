/*
  accept: decides what of a request's body is taken. One bad activity never costs its neighbours their place, and
  accepted + duplicates + rejected is what was sent.
*/
import type { Activity } from '../activity/activity.ts';
import type { RejectedEntry } from '../ports/activity-store.ts';
import { type ActivityRules, checkActivity } from './check-activity.ts';
import { hasInfinity } from './check-text.ts';
import { suggest } from './did-you-mean.ts';
import { BODY_REFUSALS, type BodyRefusalCode, pointerToken } from './rejection.ts';

export interface BodyRules extends Omit<ActivityRules, 'itemId'> {
  readonly activitiesMax: number;
}

/** An activity that is taken, at its place in the request. */
export interface AcceptedActivity {
  readonly index: number;
  readonly itemId: string;
  readonly activity: Activity;
  /** The caller's own id, for deduplication. */
  readonly id: string | null;
}

export interface CheckedBody {
  readonly ok: true;
  readonly accepted: readonly AcceptedActivity[];
  /** Activities with an id that an earlier one on the same item of this request had. */
  readonly duplicates: number;
  readonly rejected: readonly RejectedEntry[];
}

/** Nothing of the body is taken, and no single activity is to blame. */
export interface BodyRefusal {
  readonly ok: false;
  readonly code: BodyRefusalCode;
  readonly pointer: string;
  readonly message: string;
}

/**
 * `itemId` null: each activity names its item itself, and the body is a list. With an itemId, which must be valid, the body
 * may also be one activity.
 */
export function checkBody(body: unknown, itemId: string | null, rules: BodyRules): CheckedBody | BodyRefusal {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return refuse('body_not_object', '#', Array.isArray(body) ? ' A list goes into {"activities":[…]}.' : '');
  }
  const members = body as Readonly<Record<string, unknown>>;
  const { activities } = members;
  if (isAbsent(activities)) {
    const one = itemId !== null && Object.values(members).some((member) => member !== null);
    return one ? checkList([members], itemId, '#', rules) : refuse('no_activities', '#');
  }
  for (const name in members) {
    if (name === 'activities' || members[name] === null) continue;
    const annotation = name.startsWith('@odata.');
    if (annotation && hasInfinity(members[name])) return refuse('body_number_out_of_range', `#/${pointerToken(name)}`);
    if (annotation) continue;
    return refuse('body_member_unknown', `#/${pointerToken(name)}`, suggest(name, ['activities']));
  }
  if (!Array.isArray(activities)) return refuse('activities_not_list', '#/activities');
  if (activities.length === 0) return refuse('no_activities', '#/activities');
  if (activities.length > rules.activitiesMax) {
    return refuse(
      'too_many_activities',
      '#/activities',
      ` ${activities.length} came, ${rules.activitiesMax} are taken.`,
    );
  }
  return checkList(activities, itemId, '#/activities', rules);
}

/** Pointers of a list end in the index; a single activity is the body itself. */
function checkList(values: readonly unknown[], itemId: string | null, pointer: string, rules: BodyRules): CheckedBody {
  const activityRules: ActivityRules = { ...rules, itemId: itemId === null ? 'required' : 'absent' };
  const accepted: AcceptedActivity[] = [];
  const rejected: RejectedEntry[] = [];
  const seen = new Set<string>();
  let duplicates = 0;
  for (const [index, value] of values.entries()) {
    const checked = checkActivity(value, activityRules);
    if (checked.ok === false) {
      const place = pointer === '#' ? pointer : `${pointer}/${index}`;
      rejected.push({ index, pointer: place + checked.pointer, code: checked.code, message: checked.message });
      continue;
    }
    const item = itemId ?? checked.itemId!;
    if (checked.id !== null) {
      // An item id has no space, so the joined name cannot mean two things.
      const name = `${item} ${checked.id}`;
      if (seen.has(name)) {
        duplicates++;
        continue;
      }
      seen.add(name);
    }
    accepted.push({ index, itemId: item, activity: checked.activity, id: checked.id });
  }
  return { ok: true, accepted, duplicates, rejected };
}

function isAbsent(value: unknown): boolean {
  return value === null || value === undefined;
}

function refuse(code: BodyRefusalCode, pointer: string, more = ''): BodyRefusal {
  return { ok: false, code, pointer, message: BODY_REFUSALS[code] + more };
}
