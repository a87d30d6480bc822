/* Who the page acts for, and what every answer tells the browser. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestConsole } from './open-test-console.ts';

test('without keys no session is needed, and everything is allowed', async () => {
  const { status, body } = await openTestConsole().get('/api/v1/session');
  assert.equal(status, 200);
  assert.deepEqual(body, { needed: false, name: null, scopes: ['read', 'operate'], csrf: null });
});

test('every answer, errors too, tells the browser to run our own files alone and to frame nothing', async () => {
  const opened = openTestConsole();
  for (const path of [
    '/api/v1/connections',
    '/health/live',
    '/metrics',
    '/nothing-here',
    '/api/v1/connections/%2e%2e',
  ]) {
    const { headers } = await opened.get(path);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/, path);
    assert.doesNotMatch(policy, /unsafe/, path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
  }
  const { headers } = await opened.get('/api/v1/session', { host: 'evil.example' });
  assert.match(String(headers['content-security-policy']), /default-src 'none'/);
});
