import assert from 'node:assert/strict';
import test from 'node:test';
import { followReceipts, type Progress } from './follow-receipts.ts';

type Body =
  | { readonly final: boolean; readonly counts: Record<string, number>; readonly waitingFor?: readonly object[] }
  | number;

/** Each receipt answers with its next body, the last one for ever. A number is a status without a body. */
async function follow(bodies: Record<string, Body[]>, accepted = 10, signal = new AbortController().signal) {
  const seen: Progress[] = [];
  const asked: string[] = [];
  const get = (async (url: string) => {
    const id = url.split('/').at(-1) ?? '';
    asked.push(id);
    const list = bodies[id] ?? [];
    const body = list.length > 1 ? list.shift() : list[0];
    return typeof body === 'number' ? new Response('', { status: body }) : new Response(JSON.stringify(body));
  }) as unknown as typeof fetch;
  const receipts = Object.keys(bodies).map((id) => ({ id, accepted }));
  const settings = { url: 'http://intake', receipts, signal, onProgress: (each: Progress) => seen.push(each) };
  const end = await followReceipts({ ...settings, fetch: get, pause: async () => undefined });
  return { end, seen, asked };
}

test('it goes on until every receipt is final, and tells how far it is', async () => {
  const { end, seen } = await follow({
    a: [
      { final: false, counts: { pending: 6, inFlight: 1, delivered: 3 } },
      { final: true, counts: { delivered: 9, dead: 1 } },
    ],
    b: [{ final: true, counts: { delivered: 8, parked: 1, expired: 1 } }],
  });
  assert.deepEqual(
    seen.map(({ delivered, open }) => [delivered, open]),
    [
      [11, 7],
      [17, 0],
    ],
  );
  assert.deepEqual(end, { delivered: 17, dead: 1, parked: 1, other: 1, open: 0, waitingFor: null });
});

test('why a receipt stands still is passed on, and that it waits for its turn is not', async () => {
  const waitingFor = [
    { reason: 'turn', detail: 'its turn' },
    { reason: 'held', detail: 'the secret has expired' },
  ];
  const { seen } = await follow({
    a: [
      { final: false, counts: { pending: 10 }, waitingFor },
      { final: true, counts: { delivered: 10 } },
    ],
  });
  assert.equal(seen[0]?.waitingFor, 'held: the secret has expired');
});

test('an intake that is away is asked again; a receipt that is no longer kept is at its end', async () => {
  const { end } = await follow({ a: [503, 503, { final: true, counts: { delivered: 10 } }], b: [404] });
  assert.deepEqual(end, { delivered: 10, dead: 0, parked: 0, other: 10, open: 0, waitingFor: null });
});

test('with many receipts each has its turn, also behind others that stand still', async () => {
  const still: Body[] = [1, 2, 3].map(() => ({ final: false, counts: {} }));
  const end: Body = { final: true, counts: { delivered: 10 } };
  const receipts = Array.from({ length: 50 }, (_, n): [string, Body[]] => [`r${n}`, n < 40 ? [...still, end] : [end]]);
  const { end: progress, asked } = await follow(Object.fromEntries(receipts));
  assert.equal(progress.delivered, 500);
  assert.equal(asked.indexOf('r49'), 49);
});

test('a receipt of nothing is not asked for', async () => {
  const { asked, end } = await follow({ a: [404] }, 0);
  assert.deepEqual(asked, []);
  assert.equal(end.open, 0);
});
