import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ACTIVITY_TYPES, PERFORMER_TYPES } from '../activity/activity.ts';
import { encodeEntry } from '../activity/entry.ts';
import { INSTANT_MS_MAX, INSTANT_MS_MIN, parseInstant } from '../activity/instant.ts';
import { CALL_ENTRIES_MAX } from '../limits.ts';
import { makeCallBody } from './make-call-body.ts';

const activities = fc.array(
  fc.record({
    type: fc.constantFrom(...ACTIVITY_TYPES),
    startMs: fc.integer({ min: INSTANT_MS_MIN, max: INSTANT_MS_MAX }),
    performedBy: fc.record(
      {
        type: fc.constantFrom(...PERFORMER_TYPES),
        id: fc.string({ unit: 'binary', minLength: 1, maxLength: 128 }),
      },
      { noNullPrototype: true },
    ),
  }),
  { minLength: 1, maxLength: CALL_ENTRIES_MAX },
);

test('a call has the form that Graph documents, with @odata.type on the activity', () => {
  const startMs = parseInstant('2021-04-06T18:04:31.033Z') as number;
  const performedBy = { type: 'user', id: '1f0c997e-99f7-43f1-8cca-086f8d42be8d' } as const;
  assert.deepEqual(JSON.parse(makeCallBody([encodeEntry({ type: 'created', startMs, performedBy }, 0, null)])), {
    activities: [
      {
        '@odata.type': '#microsoft.graph.externalConnectors.externalActivity',
        type: 'created',
        startDateTime: '2021-04-06T18:04:31.033Z',
        performedBy,
      },
    ],
  });
});

test('a body parses to the same activities in the same order, whatever the performer is called', () => {
  fc.assert(
    fc.property(activities, (sent) => {
      const body = JSON.parse(makeCallBody(sent.map((activity, index) => encodeEntry(activity, index, null))));
      assert.deepEqual(Object.keys(body), ['activities']);
      assert.equal(body.activities.length, sent.length);
      sent.forEach((activity, index) => {
        const { '@odata.type': odataType, startDateTime, ...rest } = body.activities[index];
        assert.equal(odataType, '#microsoft.graph.externalConnectors.externalActivity');
        assert.deepEqual({ ...rest, startMs: parseInstant(startDateTime) }, { ...activity });
      });
    }),
  );
});
