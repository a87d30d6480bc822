/*
  accept, told to others: the JSON Schema (2020-12) of what checkActivity and checkBody take, made of the same words, patterns
  and limits. Those two are written by hand because they run for every activity; a property test feeds both what this schema
  allows and what it forbids, and holds them together. What a schema cannot say is in descriptions: that the day exists,
  that the instant lies in the years 0001 to 9999 with its offset counted in, and how large an activity may be.
*/
import { ACTIVITY_TYPES, PERFORMER_TYPES } from '../activity/activity.ts';
import { ITEM_ID, OBJECT_ID } from '../limits.ts';
import type { BodyRules } from './check-body.ts';
import { ID_CHARACTERS_MAX } from './check-text.ts';

export type JsonSchema = { readonly [member: string]: unknown };

/** RFC 3339 with seconds and a zone. */
const START =
  '^(?!0000)\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])[Tt]([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(\\.\\d{1,12})?([Zz]|[+-]([01]\\d|2[0-3]):[0-5]\\d)$';
/** No NUL and no half of a surrogate pair; counted in characters, as maxLength does. */
const KEEPABLE = '^[^\\u0000\\ud800-\\udfff]*$';
/** Annotations of OData are taken and dropped; anything else that is not known must be null. */
const OPEN_END = { patternProperties: { '^@odata\\.': {} }, additionalProperties: { type: 'null' } };

const ID = { minLength: 1, maxLength: ID_CHARACTERS_MAX, pattern: KEEPABLE };
/** The expression ignores case, which a pattern of JSON Schema cannot. */
const OBJECT_ID_PATTERN = OBJECT_ID.source.replaceAll('a-f', 'A-Fa-f');

export function performerSchema({ performerIds }: Pick<BodyRules, 'performerIds'>): JsonSchema {
  const id = { type: 'string', ...ID };
  const base = { type: 'object', required: ['type', 'id'], ...OPEN_END };
  if (performerIds === 'any') {
    return { ...base, properties: { type: { enum: PERFORMER_TYPES }, id } };
  }
  const objectId = {
    type: 'string',
    pattern: OBJECT_ID_PATTERN,
    description: 'The Entra object id; not a UPN, e-mail or employee number.',
  };
  const people = PERFORMER_TYPES.filter((type) => type !== 'externalGroup');
  return {
    oneOf: [
      { ...base, properties: { type: { enum: people }, id: objectId } },
      { ...base, properties: { type: { const: 'externalGroup' }, id } },
    ],
  };
}

/** `performer`: the schema of performedBy, or a reference to it. */
export function activitySchema(
  rules: Pick<BodyRules, 'activityBytesMax'> & { readonly itemId: 'required' | 'absent' },
  performer: JsonSchema,
): JsonSchema {
  const bulk = rules.itemId === 'required';
  return {
    type: 'object',
    description: `Who did what${bulk ? ' to which item' : ''}, and when: at most ${rules.activityBytesMax} bytes of JSON without white space.`,
    required: [...(bulk ? ['itemId'] : []), 'type', 'startDateTime', 'performedBy'],
    properties: {
      ...(bulk && { itemId: { type: 'string', pattern: ITEM_ID.source } }),
      type: { enum: ACTIVITY_TYPES },
      startDateTime: {
        type: 'string',
        format: 'date-time',
        pattern: START,
        description:
          'When it was done. A time that exists, in the years 0001 to 9999; kept to the millisecond, sent to Graph in UTC.',
        examples: ['2026-01-31T13:45:00Z'],
      },
      performedBy: performer,
      id: {
        type: ['string', 'null'],
        ...ID,
        description:
          'Yours, never sent to Graph: the same id on the same item is accepted once within the dedupe window, so a request may be sent again.',
      },
    },
    ...OPEN_END,
  };
}

/** A list of activities as the whole body. `activity`: the schema of one, or a reference to it. */
export function activityListSchema(
  { activitiesMax }: Pick<BodyRules, 'activitiesMax'>,
  activity: JsonSchema,
): JsonSchema {
  return {
    type: 'object',
    required: ['activities'],
    properties: { activities: { type: 'array', minItems: 1, maxItems: activitiesMax, items: activity } },
    ...OPEN_END,
  };
}
