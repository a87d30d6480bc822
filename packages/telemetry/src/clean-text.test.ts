import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanText } from './clean-text.ts';

test('of a credential nothing is left, and around it everything', () => {
  for (const [text, cleaned] of [
    ['connect rediss://user:s3cr3t@redis:6379/0 failed', 'connect rediss://[redacted]@redis:6379/0 failed'],
    ['authorization: Bearer abc.DEF-1234 sent', 'authorization: Bearer [redacted] sent'],
    ['token eyJhbGciOi.eyJzdWIi.c2ln was refused', 'token [redacted] was refused'],
    ['grant_type=x&client_secret=s3cr3t&scope=y', 'grant_type=x&client_secret=[redacted]&scope=y'],
    ['{"password":"s3cr3t","user":"u"}', '{"password":"[redacted]","user":"u"}'],
    ['GET https://graph.microsoft.com/v1.0 took 5 ms', 'GET https://graph.microsoft.com/v1.0 took 5 ms'],
  ] as const)
    assert.equal(cleanText(text), cleaned);
});

test('a long text is cut, and says so', () => {
  assert.equal(cleanText('x'.repeat(2000)), 'x'.repeat(2000));
  assert.equal(cleanText(`begins ${'x'.repeat(1993)}y`), `begins ${'x'.repeat(1993)} [cut]`);
});
