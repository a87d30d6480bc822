import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createAnswerReader, runHttpLoad } from './http-load.ts';

const ANSWERS =
  'HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\nx: y\r\n\r\nhello' +
  'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 2\r\n\r\nno' +
  'HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n';

test('answers are told apart wherever the network cuts them', () => {
  for (let size = 1; size <= ANSWERS.length; size++) {
    const seen: [number, string][] = [];
    const read = createAnswerReader((status, body) => seen.push([status, body()]));
    for (let at = 0; at < ANSWERS.length; at += size) read(Buffer.from(ANSWERS.slice(at, at + size)));
    assert.deepEqual(
      seen,
      [
        [202, 'hello'],
        [503, 'no'],
        [202, ''],
      ],
      `in pieces of ${size}`,
    );
  }
});

test('an answer without a content-length ends the measurement instead of never ending', () => {
  const read = createAnswerReader(() => {});
  assert.throws(
    () => read(Buffer.from('HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n')),
    /content-length/,
  );
});

test('only what is accepted while counting counts, and a refusal is shown', async () => {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    request.resume().once('end', () => {
      const body = requests % 2 === 0 ? 'full' : '';
      response.writeHead(requests % 2 === 0 ? 503 : 202, { 'content-length': body.length }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bytes = Buffer.from('POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 2\r\n\r\n{}');
  let before = 0;
  const result = await runHttpLoad({
    url,
    connections: 3,
    request: () => bytes,
    leadInMs: 50,
    countedMs: 100,
    onCounting: () => {
      before = requests;
    },
  });
  server.close();
  assert.ok(before > 0, 'there was a lead-in');
  assert.ok(result.accepted > 0 && result.refused > 0);
  assert.ok(result.accepted + result.refused <= requests - before + 3, 'the lead-in is not counted');
  assert.equal(result.firstRefusal, '503 full');
});
