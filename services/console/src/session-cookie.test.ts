import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FastifyRequest } from '@sluice/http';
import { endedCookie, sessionCookie, tokenOfCookie } from './session-cookie.ts';

const request = (headers: Record<string, string>, socket: object = {}) =>
  ({ headers, raw: { socket } }) as unknown as FastifyRequest;

test('over our own TLS or behind a proxy’s the cookie is for the site alone and never travels in the clear', () => {
  const plain = 'sluice_session=t; Path=/; HttpOnly; SameSite=Strict';
  const secure = '__Host-sluice_session=t; Path=/; HttpOnly; SameSite=Strict; Secure';
  for (const [headers, socket, cookie] of [
    [{}, {}, plain],
    [{}, { encrypted: false }, plain],
    [{ 'x-forwarded-proto': 'http' }, {}, plain],
    [{}, { encrypted: true }, secure],
    [{ 'x-forwarded-proto': 'https' }, {}, secure],
  ] as const) {
    assert.equal(sessionCookie(request(headers, socket), 't'), cookie);
    assert.equal(endedCookie(request(headers, socket)), `${cookie.replace('=t', '=')}; Max-Age=0`);
  }
});

test('it is found among others by its whole name, and over TLS only the one that other sites cannot have set', () => {
  const tokenOf = (cookie: string, socket: object = {}) => tokenOfCookie(request({ cookie }, socket));
  assert.equal(tokenOf('a=1; sluice_session=abc=; b=2'), 'abc=');
  assert.equal(tokenOf('other_sluice_session=abc; sluice_session2=x'), null);
  assert.equal(tokenOf('sluice_session=abc', { encrypted: true }), null);
  assert.equal(tokenOf('sluice_session=old; __Host-sluice_session=abc', { encrypted: true }), 'abc');
  assert.equal(tokenOfCookie(request({})), null);
  assert.equal(tokenOf(`sluice_session=abc; ${'x'.repeat(8192)}`), null, 'longer than any browser sends');
});
