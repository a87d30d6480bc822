/*
  Framing, straight and behind the proxies that stand in front of services: a request that the proxy reads in one way and the intake
  in another would let a caller put a request of his own behind somebody else's. The proxy adds the API key to every request
  that it knows of, so one that slipped past it has none and is counted as 401. Every probe hides such a request in itself.
  FUZZ_PROBES=2000 FUZZ_SEED=7 for more of them.
*/
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RedisServer, type Service, spawnService, startRedis } from '@sluice/testing';
import { type FrontName, hasFront, startFront } from '../support/front-proxies.ts';
import { redisEnv } from '../support/redis-env.ts';
import { runSluice } from '../support/run-sluice.ts';
import { readScrape } from '../support/scrape.ts';

const PROBES = Number(process.env['FUZZ_PROBES'] ?? 150);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const AT_ONCE = 16;
/** A probe that is not whole is not waited for. */
const PROBE_MS = 1500;

const VALID = JSON.stringify({
  type: 'viewed',
  startDateTime: '2026-01-31T13:45:00Z',
  performedBy: { type: 'externalGroup', id: 'g' },
});
const PATH = '/v1/connections/framing/items/a1/activities';
const HIDDEN = `POST /v1/connections/framing/items/hidden/activities HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${VALID.length}\r\n\r\n${VALID}`;

let redis: RedisServer;
let intake: Service;
let key: string;
const folder = mkdtempSync(join(tmpdir(), 'sluice-framing-'));
before(async () => {
  redis = await startRedis({ appendOnly: false });
  const env = {
    ...redisEnv(redis),
    SLUICE_API_KEYS_FILE: join(folder, 'keys.json'),
    SLUICE_DEDUPE: 'off',
    SLUICE_DURABILITY: 'unknown',
  };
  const made = await runSluice(
    ['keys', 'create', '--name', 'front', '--scope', 'ingest,read', '--connections', '*', '--json'],
    env,
  );
  assert.equal(made.code, 0, made.err);
  ({ key } = JSON.parse(made.out) as { key: string });
  intake = await spawnService({ service: 'intake', env });
});
after(async () => {
  await intake.kill('SIGKILL');
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Where the hidden request can be in a body: all of it, behind a chunk of its own, and behind the end of the chunks. */
const CHUNKED_HIDDEN = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`;
const BEHIND_CHUNKS = `0\r\n\r\n${HIDDEN}`;

function head(...lines: string[]): string {
  return [`POST ${PATH} HTTP/1.1`, 'host: localhost', 'content-type: application/json', ...lines, '', ''].join('\r\n');
}

const TE = 'transfer-encoding: chunked';
/** In each of them one reader could see a body where another sees a request. */
const FRAMINGS: readonly string[] = [
  ...[TE, 'transfer-encoding: xchunked', 'transfer-encoding : chunked', 'transfer-encoding:\tchunked'],
  ...[
    'transfer-encoding: chunked, identity',
    'transfer-encoding: identity, chunked',
    'transfer-encoding: gzip, chunked',
  ],
  ...[
    'transfer-encoding: "chunked"',
    'transfer-encoding: chunked;a=b',
    'transfer-encoding: CHUNKED',
    'transfer-encoding:\x0bchunked',
  ],
  ...['transfer-encoding:\r\n chunked', 'x: y\r\n transfer-encoding: chunked', 'transfer-encoding\x00: chunked'],
  ...[
    'x: y\rtransfer-encoding: chunked',
    'x: y\ntransfer-encoding: chunked',
    `${TE}\r\n${TE}`,
    'transfer_encoding: chunked',
  ],
  ...[
    'transfer-encoding: chunked\x00',
    'transfer-encoding: \xffchunked',
    'transfer-encoding: chunked,',
    'transfer-encoding: ,chunked',
  ],
];
const LENGTHS: readonly string[] = [
  ...[
    '0',
    '+0',
    '-1',
    '0x0',
    '00',
    '0, 0',
    '0,5',
    '0 0',
    ' 0',
    '0\x0b',
    '1e0',
    '18446744073709551616',
    '',
    '0;',
    '"0"',
  ],
];

function knownProbes(): string[] {
  const both = FRAMINGS.flatMap((framing) => [
    head('content-length: 4', framing) + CHUNKED_HIDDEN,
    head(framing, `content-length: ${BEHIND_CHUNKS.length}`) + BEHIND_CHUNKS,
  ]);
  const lengths = LENGTHS.flatMap((length) => [
    head(`content-length: ${HIDDEN.length}`, `content-length: ${length}`) + HIDDEN,
    head(`content-length: ${length}`, `content-length: ${HIDDEN.length}`) + HIDDEN,
  ]);
  const sizes = ['0x0', '+0', '-0', '0 ', ' 0', '00', '0;\n', '0\x0b', '', '10000000000000000'].map(
    (size) => `${head(TE)}${size}\r\n\r\n${HIDDEN}`,
  );
  const upgrade =
    head('connection: upgrade, content-length', 'upgrade: h2c', `content-length: ${HIDDEN.length}`) + HIDDEN;
  const expect = head('expect: 100-continue', `content-length: ${HIDDEN.length}`) + HIDDEN;
  return [...both, ...lengths, ...sizes, upgrade, expect];
}

const TOKENS = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  '\t',
  ' ',
  ':',
  ';',
  ',',
  '+',
  '-',
  '0',
  '0x',
  'chunked',
  '\x0b',
  '\x7f',
  '\xff',
  '\r\n ',
];

/** One of the known ones with a few changes before the hidden request. */
function mutated(probe: string, draw: (below: number) => number): string {
  const before = probe.indexOf(HIDDEN.slice(0, 40));
  let text = probe.slice(0, before);
  for (let n = draw(3); n >= 0; n--) {
    const at = draw(text.length);
    const kind = draw(3);
    text = text.slice(0, at) + (kind === 0 ? '' : TOKENS[draw(TOKENS.length)]!) + text.slice(kind === 1 ? at : at + 1);
  }
  return text + probe.slice(before);
}

function drawFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

/** Resolves when the server has closed, or has had its time. */
function probe(url: string, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const timer = setTimeout(() => socket.destroy(), PROBE_MS);
  socket.on('connect', () => socket.write(Buffer.from(text, 'latin1')));
  socket.on('data', () => {});
  socket.on('error', () => {});
  socket.on('close', () => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}

async function sendAll(url: string, probes: readonly string[]): Promise<void> {
  const rest = [...probes];
  const sendOn = async () => {
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) await probe(url, next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sendOn));
}

/** Requests that had no key when they arrived. */
async function withoutKey(): Promise<number> {
  const response = await fetch(`${intake.url}/metrics`, { headers: { 'x-api-key': key } });
  return readScrape(await response.text()).sum('sluice_accept_requests_total', { status: '401' });
}

function probesOf(seed: number): string[] {
  const known = knownProbes();
  const draw = drawFrom(seed);
  return [...known, ...Array.from({ length: PROBES }, () => mutated(known[draw(known.length)]!, draw))];
}

for (const name of ['nginx', 'haproxy'] as const satisfies readonly FrontName[]) {
  test(`behind ${name} no request slips past it, however it is framed, and callers have their own answers`, async (t) => {
    if (!hasFront(name)) return t.skip(`${name} is not installed: apt-get install ${name}`);
    const front = await startFront(name, intake.url!, key);
    t.after(() => front.stop());
    const post = async () => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${front.url}${PATH}`, { method: 'POST', headers, body: VALID });
      return { status: response.status, accepted: ((await response.json()) as { accepted?: number }).accepted };
    };
    assert.deepEqual(await post(), { status: 202, accepted: 1 });
    const before = await withoutKey();
    const probes = probesOf(SEED);
    for (let at = 0; at < probes.length; at += 50) {
      await sendAll(front.url, probes.slice(at, at + 50));
      assert.deepEqual(await post(), { status: 202, accepted: 1 }, `after probe ${at} of seed ${SEED}`);
      assert.equal(await withoutKey(), before, `one of the fifty from ${at} of seed ${SEED} slipped past ${name}`);
    }
    // What tells a request that slipped past is seen to work.
    await fetch(`${intake.url}${PATH}`, { method: 'POST' });
    assert.equal(await withoutKey(), before + 1);
    t.diagnostic(`${probes.length} probes`);
  });
}

test('straight: the intake outlives all of them, and answers the next caller as always', async () => {
  const headers = { 'content-type': 'application/json', 'x-api-key': key };
  await sendAll(intake.url!, probesOf(SEED + 1));
  const response = await fetch(`${intake.url}${PATH}`, { method: 'POST', headers, body: VALID });
  assert.equal(response.status, 202);
  const failed = intake.logs.filter(({ level }) => level >= 50 || level === 0);
  assert.deepEqual(failed, []);
});
