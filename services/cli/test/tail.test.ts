/* sluice tail: a line for each event, a console that goes away, a reader that stops reading, and an end in order. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '@sluice/testing';
import { lineOf } from '../src/commands/tail-lines.ts';
import { inert } from '../src/inert.ts';

const BIN = fileURLToPath(new URL('../bin/sluice.js', import.meta.url));
const ACCEPTED = {
  event: 'accepted',
  at: '2026-01-01T12:00:00.123Z',
  connectionId: 'hr1',
  itemId: 'a',
  entries: 3,
  duplicates: 1,
  receiptId: 'r1',
};
const CALL = {
  ...{
    event: 'call',
    at: '2026-01-01T12:00:01.000Z',
    connectionId: 'hr1',
    itemId: 'a',
    entries: 3,
    status: '207',
    requestId: 'request-1',
  },
  ...{ durationMs: 84, delivered: 1, retried: 1, dead: 1, parked: 0, stale: false, reason: 'gone:\nno' },
};
const STATE = {
  event: 'state',
  at: '2026-01-01T12:00:02.000Z',
  connectionId: 'hr1',
  state: 'held',
  text: 'held: no',
  remedy: 'Mend it.',
};

test('a line says when, where, how many, what Graph answered, under which id, and how long it took', () => {
  const [where, item] = ['hr1         ', 'a                   '];
  assert.equal(
    lineOf(ACCEPTED, false),
    `12:00:00.123  ${where}  ${item}  accepted  3 activities, 1 accepted before  receipt r1`,
  );
  assert.equal(
    lineOf(CALL, false),
    `12:00:01.000  ${where}  ${item}  call      3 activities -> 207 in 84 ms, 1 delivered, 1 to be tried again, 1 dead: gone: no  request-id request-1`,
  );
  assert.match(lineOf(STATE, false), /12:00:02\.000 {2}hr1 +- +state {5}held: no\. Mend it\.$/);
  assert.equal(
    lineOf({ event: 'left-out', events: 12_345 }, false),
    '... 12,345 more events were left out: more happened than is shown here',
  );
  assert.ok(lineOf(CALL, true).includes('\u001b[31m207'));
});

interface Scene {
  readonly url: string;
  readonly asked: readonly IncomingMessage[];
  readonly streams: readonly ServerResponse[];
  answer: (response: ServerResponse) => void;
}

const frame = (event: { readonly event: string }) => `event: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`;
const hello = (known = true) => frame({ event: 'hello', known } as never);

function begin(response: ServerResponse, known = true): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(hello(known));
}

async function withConsole(use: (scene: Scene) => Promise<void>): Promise<void> {
  const [asked, streams]: [IncomingMessage[], ServerResponse[]] = [[], []];
  const server = createServer((request, response) => {
    asked.push(request);
    streams.push(response);
    scene.answer(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const scene: Scene = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    streams,
    answer: begin,
  };
  try {
    await use(scene);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function tail(url: string, ...args: readonly string[]) {
  const env = { ...process.env, SLUICE_CONSOLE_URL: url, SLUICE_API_KEY: 'key-1' };
  const child = spawn(process.execPath, [BIN, 'tail', ...args], { env });
  const run = { child, out: '', err: '', exited: once(child, 'exit') };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    run.err += text;
  });
  return run;
}

const WITHIN = { withinMs: 60_000 };

test('it asks for what is wanted, shows what comes, comes back to a console that went away, and ends with 130', () =>
  withConsole(async (scene) => {
    const run = tail(scene.url, '--connection', 'hr1', '--item', 'a', '--failed', '--json');
    await eventually(() => scene.streams.length === 1, { ...WITHIN, what: 'it asks' });
    assert.equal(scene.asked[0]!.url, '/api/v1/tail?connection=hr1&item=a&failed=true');
    assert.equal(scene.asked[0]!.headers.authorization, 'Bearer key-1');
    scene.streams[0]!.write(`: still here\n\n${frame(CALL).slice(0, 30)}`);
    scene.streams[0]!.write(frame(CALL).slice(30));
    await eventually(() => run.out.includes('request-1'), { ...WITHIN, what: 'the call is shown' });
    assert.deepEqual(JSON.parse(run.out), CALL);
    scene.streams[0]!.destroy();
    await eventually(() => scene.streams.length === 2, { ...WITHIN, what: 'it asks again' });
    await eventually(() => /does not answer any more .*Asking it again/.test(run.err), {
      ...WITHIN,
      what: 'it says so',
    });
    scene.streams[1]!.write(frame(ACCEPTED));
    await eventually(() => run.err.includes('answers again') && run.out.includes('"r1"'), {
      ...WITHIN,
      what: 'it goes on',
    });
    const events = run.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    assert.deepEqual(events, ['call', 'lost', 'accepted']);
    run.child.kill('SIGINT');
    assert.deepEqual(await run.exited, [130, null]);
  }));

test('it says that nothing was accepted for a connection yet; a refusal ends it, also a later one', () =>
  withConsole(async (scene) => {
    scene.answer = (response) => begin(response, false);
    const run = tail(scene.url, '--connection', 'hrr');
    await eventually(() => /Nothing was ever accepted for hrr; it is waited for/.test(run.err), {
      ...WITHIN,
      what: 'it says so',
    });
    scene.answer = (response) =>
      void response
        .writeHead(401, { 'content-type': 'application/json' })
        .end('{"code":"key_unknown","detail":"This key is not known."}');
    scene.streams[0]!.end();
    assert.deepEqual(await run.exited, [1, null]);
    assert.match(run.err, /This key is not known\. \(401 key_unknown/);
    const wrong = tail(scene.url, 'hr1');
    assert.deepEqual(await wrong.exited, [2, null]);
    assert.match(wrong.err, /--connection and --item name what to watch/);
  }));

test('what stands before the console and answers for it does nothing to a terminal', () =>
  withConsole(async (scene) => {
    const run = tail(scene.url);
    await eventually(() => scene.streams.length === 1, { ...WITHIN, what: 'it asks' });
    scene.answer = (response) =>
      void response.writeHead(503, { 'content-type': 'application/json' }).end('{"detail":"gone\\u001b[2J\\u009b2J"}');
    scene.streams[0]!.end();
    await eventually(() => run.err.includes('gone'), { ...WITHIN, what: 'it says so' });
    run.child.kill('SIGINT');
    await run.exited;
    assert.equal(run.err, inert(run.err));
  }));

test('while nobody reads its output it reads nothing either, so that the console leaves out what would pile up', () =>
  withConsole(async (scene) => {
    const run = tail(scene.url, '--json');
    run.child.stdout.pause();
    await eventually(() => scene.streams.length === 1, { ...WITHIN, what: 'it asks' });
    const [stream] = scene.streams;
    const many = frame({ ...CALL, reason: 'x'.repeat(10_000) } as never).repeat(10);
    let sent = 0;
    // 100 MB are far more than all the sockets in between hold.
    for (; sent < 1000; sent++) {
      if (stream!.write(many)) continue;
      const drained = await Promise.race([
        once(stream!, 'drain'),
        new Promise((resolve) => setTimeout(() => resolve(null), 2000)),
      ]);
      if (drained === null) break;
    }
    assert.ok(sent < 1000, 'the sender was not stopped');
    run.child.stdout.resume();
    await once(stream!, 'drain');
    run.child.kill('SIGINT');
    assert.deepEqual(await run.exited, [130, null]);
  }));
