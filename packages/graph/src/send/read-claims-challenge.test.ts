import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { readClaimsChallenge } from './read-claims-challenge.ts';

const FIXTURE = new URL('../../../../../shared/graph/fixtures/examples/claims-challenge-401.http', import.meta.url);
const CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"cp1"}}}';

function challenge(encoded: string): string {
  return `Bearer realm="", error="insufficient_claims", claims="${encoded}"`;
}

test('the claims of a challenge are read, in base64 and base64url', () => {
  const claims = '{"access_token":{"x":"???>>>"}}';
  assert.equal(readClaimsChallenge(challenge(Buffer.from(claims).toString('base64'))), claims);
  assert.equal(readClaimsChallenge(challenge(Buffer.from(claims).toString('base64url'))), claims);
});

test('a 401 without claims, or with what is no JSON object, challenges nothing', () => {
  for (const header of [
    null,
    '',
    'Bearer realm="", error="invalid_token"',
    challenge(''),
    challenge('!!'),
    challenge(Buffer.from('[]').toString('base64')),
    challenge(Buffer.from('"text"').toString('base64')),
    challenge('A'.repeat(9000)),
  ]) {
    assert.equal(readClaimsChallenge(header), null, String(header));
  }
});

test("Microsoft's example is read", (t) => {
  if (!existsSync(FIXTURE))
    return t.diagnostic('the examples are not beside this clone: nothing was checked against them');
  const header = /^WWW-Authenticate: (.*)$/m.exec(readFileSync(FIXTURE, 'utf8'))?.[1];
  assert.equal(readClaimsChallenge(header ?? null), CLAIMS);
});

test('whatever the header, it is answered with a JSON object or null', () => {
  const header = fc.oneof(
    fc.string(),
    fc.base64String().map(challenge),
    fc.object().map((o) => challenge(Buffer.from(JSON.stringify(o)).toString('base64'))),
  );
  fc.assert(
    fc.property(header, (text) => {
      const claims = readClaimsChallenge(text);
      assert.ok(claims === null || typeof JSON.parse(claims) === 'object');
    }),
  );
});
