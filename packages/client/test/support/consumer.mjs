/* An application that installed the package. Prints one line of JSON. */
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { createSluice, SluiceError } from '@sluice/client';

const requests = [];
const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const zipped = request.headers['content-encoding'] === 'gzip';
  const { activities } = JSON.parse(zipped ? gunzipSync(bytes) : bytes);
  requests.push({ zipped, traceparent: request.headers.traceparent ?? null, key: request.headers['idempotency-key'] });
  // The first try gets no answer at all.
  if (requests.length === 1) return request.socket.destroy();
  const rejected = activities.flatMap(({ type }, index) =>
    type === 'viewed' ? [] : [{ index, pointer: `#/activities/${index}/type`, code: 'type_unknown', message: 'No.' }],
  );
  response.writeHead(rejected.length === 0 ? 202 : 207, { 'content-type': 'application/json' });
  const accepted = activities.length - rejected.length;
  response.end(JSON.stringify({ receiptId: 'r1', accepted, duplicates: 0, rejected }));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const otel = await import('@opentelemetry/api').catch(() => null);
otel?.propagation.setGlobalPropagator({
  inject: (_context, carrier, setter) => setter.set(carrier, 'traceparent', '00-1-2-01'),
  extract: (context) => context,
  fields: () => ['traceparent'],
});

const rejections = [];
const sluice = createSluice({
  url: `http://127.0.0.1:${server.address().port}`,
  retryBaseMs: 1,
  onRejected: (_activity, error) => rejections.push(error instanceof SluiceError && error.code),
});
const track = (type) =>
  sluice.track({
    connection: 'hr1',
    item: 'a1',
    type,
    startDateTime: new Date(),
    performedBy: { type: 'externalGroup', id: 'x'.repeat(100) },
  });
const results = await Promise.allSettled([track('view'), ...Array.from({ length: 100 }, () => track('viewed'))]);
await sluice.close();
server.close();
server.closeAllConnections();
console.log(
  JSON.stringify({
    node: process.versions.node,
    stored: results.filter(({ status }) => status === 'fulfilled').length,
    rejections,
    requests: requests.length,
    keys: new Set(requests.map(({ key }) => key)).size,
    zipped: requests.every(({ zipped }) => zipped),
    traceparent: requests.at(-1).traceparent,
  }),
);
