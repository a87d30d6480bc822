/* Managed identity of a virtual machine: IMDS. In a file of its own, because MSAL decides once for a process where to ask. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openIdentityTokenSource } from '../src/tokens/identity-token-source.ts';
import { httpAnswer, type RawRequest, startRawServer } from './raw-server.ts';

const CLIENT = '1f0c997e-99f7-43f1-8cca-086f8d42be8d';
const NOW_MS = Date.parse('2026-11-24T12:00:00Z');

test('a user-assigned identity asks IMDS, and a token that IMDS kept for a while counts for what is left of it', async (t) => {
  const requests: RawRequest[] = [];
  // Issued 23 hours ago: expires_in says how long it lived from then.
  const body = {
    access_token: 'kept',
    expires_in: '86400',
    expires_on: String(NOW_MS / 1000 + 3600),
    token_type: 'Bearer',
  };
  const { url } = await startRawServer(t, (socket, request) => {
    requests.push(request);
    socket.write(httpAnswer(200, body));
  });
  process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] = url;
  const source = openIdentityTokenSource({
    credential: { kind: 'managed-identity', clientId: CLIENT },
    scope: 'https://graph.microsoft.us/.default',
    clock: () => performance.now(),
    wallClock: () => NOW_MS,
  });
  t.after(() => source.close());
  assert.deepEqual(await source.acquire({ claims: null }), {
    value: 'kept',
    lifetimeMs: 3_600_000,
    refreshInMs: null,
    answeredAtMs: null,
  });
  const { pathname, searchParams } = new URL(requests[0]!.path, url);
  assert.match(pathname, /^\/metadata\/identity\/oauth2\/token/);
  assert.deepEqual(
    [searchParams.get('resource'), searchParams.get('client_id'), requests[0]!.headers.get('metadata')],
    ['https://graph.microsoft.us', CLIENT, 'true'],
  );
});
