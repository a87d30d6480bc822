/* Many tenants in one process: whatever is asked in whatever order, a call carries the token of its own tenant, or is not made. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { makeEntries } from '@sluice/testing';
import fc from 'fast-check';
import { createGraphSender, type GraphSender } from '../src/index.ts';
import { httpAnswer, startRawServer } from './raw-server.ts';

const TENANTS = 4;
const tenantId = (tenant: number) => `8f0d2c2e-0f8b-4f0e-9a39-3b1f0a7f9c1${tenant}`;

/** One endpoint for all, as Entra is; a token names the tenant it is for. */
async function startEntra(t: TestContext): Promise<string> {
  let given = 0;
  const server = createServer((request, response) => {
    const tenant = /^\/([^/]+)\//.exec(request.url ?? '')?.[1];
    request.resume().on('end', () => {
      response.end(JSON.stringify({ token_type: 'Bearer', expires_in: 60, access_token: `${tenant}:${++given}` }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}

const step = fc.record({
  tenant: fc.nat(TENANTS - 1),
  calls: fc.integer({ min: 1, max: 5 }),
  passMs: fc.constantFrom(0, 0, 1000, 50_000, 70_000),
  refuse: fc.boolean(),
});

test('a token of one tenant is never sent for another, while tokens expire and are refused', async (t) => {
  const entra = await startEntra(t);
  const wrong: string[] = [];
  let refuse = false;
  let seen = 0;
  const graph = await startRawServer(t, (socket, { path, headers }) => {
    const bearer = headers.get('authorization') ?? '';
    const connection = /connections\/tenant(\d)\//.exec(path)?.[1];
    if (!bearer.startsWith(`Bearer ${tenantId(Number(connection))}:`)) wrong.push(`${connection} with ${bearer}`);
    seen += 1;
    socket.write(httpAnswer(refuse && seen % 2 === 0 ? 401 : 200, { value: [] }));
  });
  let nowMs = 0;
  const open = (tenant: number): GraphSender => {
    const sender = createGraphSender({
      graph: {
        // The same application in every tenant: only the tenant tells them apart.
        credential: {
          kind: 'app',
          tenantId: tenantId(tenant),
          clientId: '1f0c997e-99f7-43f1-8cca-086f8d42be8d',
          proof: { kind: 'secret', secret: 's' },
        },
        cloud: 'global',
        version: 'v1.0',
        baseUrl: graph.url,
        tokenUrl: `${entra}/${tenantId(tenant)}/oauth2/v2.0/token`,
      },
      callTimeoutMs: 20_000,
      clock: () => nowMs,
      chance: () => 0.5,
    });
    t.after(() => sender.close());
    return sender;
  };
  const senders = Array.from({ length: TENANTS }, (_, tenant) => open(tenant));
  const entries = makeEntries(1);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 6 }), async (rounds) => {
      for (const round of rounds) {
        nowMs += round[0]!.passMs;
        refuse = round[0]!.refuse;
        await Promise.all(
          round.flatMap(({ tenant, calls }) =>
            Array.from({ length: calls }, () =>
              senders[tenant]!.send({ connectionId: `tenant${tenant}`, itemId: 'a', entries, clientRequestId: 'id' }),
            ),
          ),
        );
        assert.deepEqual(wrong, []);
      }
    }),
    { numRuns: 60 },
  );
  assert.ok(seen > 100);
});
