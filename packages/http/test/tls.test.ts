/* https from two files: the same bounds, certificates that change without a restart, and no plain http beside it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { eventually, type MadeCertificate, makeCertificate } from '@sluice/testing';
import { openTls } from '../src/index.ts';
import { startServer } from './start-server.ts';

async function startTls(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const config = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
  const write = ({ certificatePem, privateKeyPem }: MadeCertificate) => {
    writeFileSync(config.keyFile, privateKeyPem);
    writeFileSync(config.certFile, certificatePem);
  };
  const first = makeCertificate('first');
  write(first);
  const warned: unknown[] = [];
  const logger = { info: () => {}, warn: (fields: object) => warned.push(fields) };
  const tls = await openTls(config, logger, 20);
  t.after(() => tls?.close());
  return { config, write, first, warned, ...(await startServer(t, {}, { tls })) };
}

function ask(port: number, ca: string): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const options = { host: '127.0.0.1', port, ca, method: 'POST', path: '/echo', agent: false };
  const headers = { 'content-type': 'application/json', host: 'localhost' };
  const asked = request({ ...options, headers, checkServerIdentity: () => undefined }, (response) => {
    let body = '';
    response.on('data', (chunk) => {
      body += String(chunk);
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
  });
  asked.on('error', reject);
  asked.end('{"a":1}');
  return promise;
}

test('https answers as http does, and plain http is not understood', async (t) => {
  const { port, first } = await startTls(t);
  assert.deepEqual(await ask(port, first.certificatePem), { status: 200, body: '{"body":{"a":1}}' });
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n');
  let heard = '';
  socket.on('data', (chunk) => {
    heard += String(chunk);
  });
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('close', resolve));
  assert.doesNotMatch(heard, /200 OK/);
  assert.equal((await ask(port, first.certificatePem)).status, 200, 'and others go on');
});

test('TLS below 1.2 is refused', async (t) => {
  const { port } = await startTls(t);
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
    rejectUnauthorized: false,
  });
  const outcome = await new Promise((resolve) => {
    socket.once('secureConnect', () => resolve('agreed'));
    socket.once('error', () => resolve('refused'));
  });
  assert.equal(outcome, 'refused');
});

test('a new certificate is used for the next connection; one that does not fit its key is not', async (t) => {
  const { port, write, first, config, warned } = await startTls(t);
  const second = makeCertificate('second');
  writeFileSync(config.certFile, second.certificatePem);
  await eventually(async () => warned.length > 0, { withinMs: 20_000, what: 'it is said that the pair does not fit' });
  assert.equal((await ask(port, first.certificatePem)).status, 200, 'the one before stays in use');
  write(second);
  const uses = async () => (await ask(port, second.certificatePem).catch(() => null))?.status === 200;
  await eventually(uses, { withinMs: 20_000, what: 'the new certificate is used' });
});
