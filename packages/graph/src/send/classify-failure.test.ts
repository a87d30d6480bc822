import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errors } from 'undici';
import { classifyFailure } from './classify-failure.ts';

function withCode(code: string, message = 'm'): Error {
  return Object.assign(new Error(message), { code });
}

test('what fails before it is written was never sent, whatever the error', () => {
  for (const [code, name] of [
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'refused'],
    ['EMFILE', 'refused'],
    ['UND_ERR_SOCKET', 'refused'],
    ['ENOTFOUND', 'dns'],
    ['EAI_AGAIN', 'dns'],
    ['UND_ERR_CONNECT_TIMEOUT', 'connect-timeout'],
    ['ETIMEDOUT', 'connect-timeout'],
    ['CERT_HAS_EXPIRED', 'tls'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls'],
    ['EPROTO', 'tls'],
  ] as const) {
    const failure = classifyFailure(withCode(code), false);
    assert.deepEqual([failure.certainty, failure.code], ['not-sent', name], code);
  }
});

test('what fails after it was written may have been applied', () => {
  for (const [error, name] of [
    [withCode('ECONNRESET'), 'reset'],
    [withCode('EPIPE'), 'reset'],
    [new errors.SocketError('other side closed'), 'reset'],
    [new errors.HeadersTimeoutError(), 'timeout'],
    [new errors.HeadersOverflowError(), 'protocol'],
    [new errors.HTTPParserError('Response does not match the HTTP/1.1 protocol'), 'protocol'],
    ['not an error', 'protocol'],
  ] as const) {
    const failure = classifyFailure(error, true);
    assert.deepEqual([failure.certainty, failure.code], ['maybe-sent', name]);
  }
});

test('of several addresses that were tried the first speaks', () => {
  const error = new AggregateError([withCode('ECONNREFUSED', 'connect ECONNREFUSED ::1:1'), withCode('ETIMEDOUT')]);
  assert.deepEqual(classifyFailure(error, false), {
    certainty: 'not-sent',
    code: 'refused',
    message: 'ECONNREFUSED: connect ECONNREFUSED ::1:1',
  });
});
