/* A console and an intake with a certificate of their own: trusted when it is named, and the remedy is named when it is not. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '@sluice/testing';
import { tellUnreachable } from '../src/commands/tell-unreachable.ts';

const BIN = fileURLToPath(new URL('../bin/sluice.js', import.meta.url));
const { certificatePem, privateKeyPem } = makeCertificate();
const LINE =
  '{"itemId":"a","type":"viewed","startDateTime":"2026-01-01T00:00:00Z","performedBy":{"type":"user","id":"2c9a5a86-1f4d-4c2e-9f6b-8d1e0c7b3a55"}}';

let folder = '';
const server = createServer({ cert: certificatePem, key: privateKeyPem }, (request, response) => {
  const stored = { receiptId: 'r1', accepted: 1, duplicates: 0, rejected: [] };
  request.resume().on('end', () => {
    response.writeHead(request.method === 'POST' ? 202 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(request.method === 'POST' ? stored : { connections: [] }));
  });
});

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-https-'));
  writeFileSync(join(folder, 'ca.pem'), certificatePem);
  writeFileSync(join(folder, 'activities.ndjson'), `${LINE}\n`);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function sluice(args: readonly string[], more: Readonly<Record<string, string>> = {}, scheme = 'https') {
  const url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const env = { ...process.env, SLUICE_URL: url, SLUICE_CONSOLE_URL: url, INIT_CWD: folder, ...more };
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const child = execFile(process.execPath, [BIN, ...args], { env, timeout: 60_000 }, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

const POST = ['post', 'activities.ndjson', '--connection', 'hr1'];

test('without the certificate each command says so, and which variable to set', async () => {
  for (const args of [['status'], ['tail'], POST, ['receipt', 'r1']]) {
    const { code, err } = await sluice(args);
    assert.deepEqual([args[0], code], [args[0], 1]);
    assert.match(
      err,
      /its certificate is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT\)\. SLUICE_CA_FILE names the certificate/,
    );
  }
});

test('with SLUICE_CA_FILE, or as Node has it with NODE_EXTRA_CA_CERTS, they are trusted', async () => {
  assert.deepEqual((await sluice(['status'], { SLUICE_CA_FILE: 'ca.pem' })).code, 0);
  const posted = await sluice([...POST, '--json'], { SLUICE_CA_FILE: join(folder, 'ca.pem') });
  assert.deepEqual([posted.code, JSON.parse(posted.out).accepted], [0, 1], posted.err);
  assert.equal((await sluice(['status'], { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') })).code, 0);
});

test('a file that is none, another name, and http where https is spoken are told for what they are', async () => {
  const missing = await sluice(['status'], { SLUICE_CA_FILE: 'none.pem' });
  assert.deepEqual(
    [missing.code, missing.err],
    [78, 'SLUICE_CA_FILE names none.pem, which cannot be read (ENOENT).\n'],
  );
  const wrong = await sluice(['status'], { SLUICE_CA_FILE: 'activities.ndjson' });
  assert.match(wrong.err, /holds no certificate/);
  const other = new TypeError('fetch failed', { cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
  const said = tellUnreachable('console', 'https://ops', 'SLUICE_CONSOLE_URL', other);
  assert.match(`${said.cause} ${said.remedy}`, /its certificate is for another name.*Use a name in SLUICE_CONSOLE_URL/);
  const plain = await sluice(['status'], {}, 'http');
  assert.match(plain.err, /write https:\/\/ in SLUICE_CONSOLE_URL/);
});
