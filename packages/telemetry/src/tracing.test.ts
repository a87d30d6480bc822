import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { isTracingWanted, openTracing } from './tracing.ts';

const ENDPOINT = 'http://127.0.0.1:4318';

test('traces are off unless somebody asks for them', async () => {
  const wanted: readonly (readonly [Record<string, string>, boolean])[] = [
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ENDPOINT }, true],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, true],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, false],
    [{ OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, false],
    [{ OTEL_SERVICE_NAME: 'mine' }, false],
  ];
  for (const [variables, is] of wanted) assert.equal(isTracingWanted(variables), is, JSON.stringify(variables));
  assert.equal(await openTracing({}, { service: 'intake', version: '1', onLost: () => {} }), null);
});

interface Spans {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly Record<string, unknown>[] }[];
  }[];
}

/** Runs with a tracing that sends to a collector of its own; answers the spans. */
async function spansOf(
  variables: Record<string, string>,
  use: (tracing: NonNullable<Awaited<ReturnType<typeof openTracing>>>) => void,
  { status = 200, onLost = () => {} }: { readonly status?: number; readonly onLost?: (error: unknown) => void } = {},
) {
  const spans: Record<string, unknown>[] = [];
  const collector = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Spans;
    spans.push(...body.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
  // The exporter reads the process's own variables.
  process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] = url;
  try {
    const traced = { service: 'test', version: '1', onLost };
    const tracing = await openTracing({ OTEL_TRACES_EXPORTER: 'otlp', ...variables }, traced);
    use(tracing!);
    await tracing!.close();
  } finally {
    delete process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
    collector.close();
    collector.closeAllConnections();
  }
  return spans;
}

const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const OTHER = '00-1af7651916cd43dd8448eb211c80319d-c7ad6b7169203332-01';
const CALL = { connection: 'hr', leaseId: 'lease-1', entries: 3 };

test('a request continues its caller’s trace, and a call is a part of the first request’s, linked to all', async () => {
  let seen: string | null = null;
  const [request, call] = await spansOf({}, (tracing) => {
    const headers = { traceparent: CALLER };
    const answered = tracing.beginRequest({ method: 'POST', route: '/v1/x/:id', headers }, () => {
      seen = tracing.traceparent();
    });
    answered({ status: 202 });
    assert.equal(tracing.traceparent(), null, 'outside of a request');
    tracing.beginCall({ ...CALL, origins: [seen!, OTHER] })({
      status: 207,
      delivered: 2,
      requestId: 'r',
      ms: 5,
      reason: 'one was refused',
    });
  });
  assert.match(seen ?? '', /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  assert.deepEqual(
    [request!['name'], request!['traceId'], request!['parentSpanId']],
    ['POST /v1/x/:id', '0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'],
  );
  assert.deepEqual([call!['traceId'], call!['parentSpanId']], [request!['traceId'], request!['spanId']]);
  const links = call!['links'] as readonly { readonly traceId: string }[];
  assert.deepEqual(
    links.map(({ traceId }) => traceId),
    [request!['traceId'], '1af7651916cd43dd8448eb211c80319d'],
  );
});

test('what its caller does not want traced is not; broken traceparents begin a trace of their own', async () => {
  const spans = await spansOf({}, (tracing) => {
    const begin = (traceparent: string) => {
      let seen: string | null = null;
      const headers = { traceparent };
      tracing.beginRequest({ method: 'POST', route: '/', headers }, () => {
        seen = tracing.traceparent();
      })({ status: 500 });
      return seen;
    };
    assert.equal(begin(CALLER.replace(/01$/, '00')), null);
    for (const broken of [
      '',
      'nonsense',
      '00-00000000000000000000000000000000-b7ad6b7169203331-01',
      `ff${CALLER.slice(2)}`,
    ])
      assert.match(begin(broken) ?? '', /^00-(?!0af7651916cd)/, broken);
  });
  assert.equal(spans.length, 4);
  assert.deepEqual(
    await spansOf({ OTEL_TRACES_SAMPLER: 'always_off' }, (tracing) =>
      tracing.beginCall({ ...CALL, origins: [] })({ status: 200, delivered: 3, requestId: null, ms: 1, reason: null }),
    ),
    [],
  );
});

test('a sampler’s argument is the share of traces that begin here; a caller that is traced stays so where the sampler looks at it', async () => {
  const traced = async (sampler: string, argument: string, traceparent: string | undefined, requests = 1) => {
    const variables = { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: argument };
    const headers = traceparent === undefined ? {} : { traceparent };
    const spans = await spansOf(variables, (tracing) => {
      for (let n = 0; n < requests; n++)
        tracing.beginRequest({ method: 'POST', route: '/', headers }, () => {})({ status: 202 });
    });
    return spans.length;
  };
  const some = await traced('traceidratio', '0.25', undefined, 400);
  assert.ok(some > 50 && some < 150, `${some} of 400`);
  for (const [sampler, argument, traceparent, spans] of [
    ['traceidratio', '0', undefined, 0],
    ['traceidratio', '0', CALLER, 0],
    ['parentbased_traceidratio', '0', undefined, 0],
    ['parentbased_traceidratio', '0', CALLER, 1],
    ['parentbased_traceidratio', '1', CALLER.replace(/01$/, '00'), 0],
    ['traceidratio', '1', undefined, 1],
    ['traceidratio', ' ', undefined, 1],
    ['traceidratio', '1.5', undefined, 1],
    ['traceidratio', 'often', undefined, 1],
  ] as const)
    assert.equal(await traced(sampler, argument, traceparent), spans, `${sampler} ${argument} ${traceparent}`);
});

test('a collector that refuses spans is told of', async () => {
  const told: string[] = [];
  const onLost = (error: unknown) => told.push(String(error));
  const use = (tracing: NonNullable<Awaited<ReturnType<typeof openTracing>>>) =>
    tracing.beginRequest({ method: 'POST', route: '/', headers: {} }, () => {})({ status: 202 });
  await spansOf({}, use, { onLost });
  assert.deepEqual(told, []);
  await spansOf({}, use, { status: 400, onLost });
  assert.equal(told.length, 1);
});
