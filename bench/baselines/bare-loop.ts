/*
  As many loops as there are connections, each sending bodies of twenty that were made before: no client on undici can call
  faster. Arguments: the URL of Graph, connections, calls to warm up, calls to count.
*/
import { encodeEntry, makeCallBody } from '@sluice/core';
import { HOT_ITEMS } from '../support/make-requests.ts';
import { openGraphCalls, pathOf } from './graph-call.ts';

const ENTRIES = 20;
const PERFORMER = '1f0c997e-99f7-43f1-8cca-086f8d42be8d';
const [graphUrl, connections, warmUpCalls, calls] = process.argv.slice(2) as [string, string, string, string];

const graph = await openGraphCalls(graphUrl, Number(connections));
const prebuilt = Array.from({ length: HOT_ITEMS }, (_, item) => {
  const entries = Array.from({ length: ENTRIES }, (_, n) =>
    encodeEntry(
      {
        type: 'viewed',
        startMs: Date.UTC(2026, 0, 1) + item * ENTRIES + n,
        performedBy: { type: 'user', id: PERFORMER },
      },
      n,
      null,
    ),
  );
  return { path: pathOf('bare', `item-${item}`), body: Buffer.from(makeCallBody(entries)) };
});

async function send(count: number): Promise<number> {
  let begun = 0;
  const begunMs = performance.now();
  const loops = Array.from({ length: Number(connections) }, async () => {
    while (begun < count) {
      const { path, body } = prebuilt[begun++ % HOT_ITEMS]!;
      await graph.post(path, body);
    }
  });
  await Promise.all(loops);
  return (performance.now() - begunMs) / 1000;
}

function print(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify({ level: 30, ...line })}\n`);
}

await send(Number(warmUpCalls));
print({ msg: 'started' });
const seconds = await send(Number(calls));
print({ msg: 'done', seconds });
await graph.pool.close();
