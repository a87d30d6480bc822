/* Callers who take their time, many at once: each is told 408 and cut off, those who do not are answered as always. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exchangeRaw } from '../support/raw-socket.ts';
import { type System, startSystem } from '../support/start-system.ts';

let system: System;
before(async () => {
  system = await startSystem({ workers: 0, intakes: 1 });
});
after(() => system.stop());

const SOCKETS_OF_A_KIND = 300;
/** Bodies of lines have a bound of their own, and who comes beyond it is told so at once. */
const LINES_AT_ONCE = 200;
const DRIP_MS = 500;
/** Ten seconds are promised; this machine may be doing other things. */
const CUT_MS_MAX = 40_000;
const ITEM = '/v1/connections/slow/items/a1/activities';
const BODY = JSON.stringify({
  type: 'viewed',
  startDateTime: '2026-01-31T13:45:00Z',
  performedBy: { type: 'externalGroup', id: 'g' },
});
const HEAD = `POST ${ITEM} HTTP/1.1\r\nhost: localhost\r\n`;
const JSON_TYPE = 'content-type: application/json\r\n';
/** What is sent at once, and what drips behind it for ever. */
const KINDS: Readonly<Record<string, readonly [string, string]>> = {
  nothing: ['', ''],
  'a header': [`${HEAD}x-a: `, 'a'],
  headers: [HEAD, 'x-a: b\r\n'],
  'a body': [`${HEAD}${JSON_TYPE}content-length: 3000\r\n\r\n`, ' '],
  chunks: [`${HEAD}${JSON_TYPE}transfer-encoding: chunked\r\n\r\n`, '1\r\n \r\n'],
  'a body that stops': [`${HEAD}${JSON_TYPE}content-length: 3000\r\n\r\n{`, ''],
  'lines that stop': [
    `POST /v1/connections/slow/activities HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\ncontent-length: 3000\r\n\r\n{`,
    '',
  ],
};

async function ask(): Promise<number> {
  const response = await fetch(`${system.intakes[0]!.url}${ITEM}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: BODY,
  });
  await response.arrayBuffer();
  return response.status;
}

test('two thousand slow sockets are each cut off with 408, and meanwhile every other caller is answered', async () => {
  const url = system.intakes[0]!.url!;
  let cut = false;
  const slow = Promise.all(
    Object.entries(KINDS).flatMap(([kind, [head, drip]]) =>
      Array.from({ length: kind === 'lines that stop' ? LINES_AT_ONCE : SOCKETS_OF_A_KIND }, async () => {
        const { answers, closed } = await exchangeRaw(url, head, {
          withinMs: CUT_MS_MAX,
          onSent: (socket) => {
            if (drip === '') return;
            const dripping = setInterval(() => socket.writable && socket.write(drip), DRIP_MS);
            socket.once('close', () => clearInterval(dripping));
          },
        });
        assert.ok(closed, `${kind}: the connection is closed`);
        assert.deepEqual(
          [answers[0]?.status, JSON.parse(answers[0]?.body ?? '{}').code],
          [408, 'request_timeout'],
          kind,
        );
      }),
    ),
  ).finally(() => {
    cut = true;
  });
  let asked = 0;
  while (!cut) {
    assert.equal(await ask(), 202);
    asked++;
  }
  await slow;
  assert.ok(asked > 0);
});
