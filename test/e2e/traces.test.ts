/* Traces through the whole system: from a caller's traceparent over the POST to the calls to Graph that carried its activities. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { drained } from '../support/conservation.ts';
import { startSystem } from '../support/start-system.ts';

const CONNECTION = 'traced';
const withinMs = 60_000;
const PERFORMER = '2c9a5a86-1f4d-4c2e-9f6b-8d1e0c7b3a55';

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly service: string;
}

interface Resource {
  readonly resource: {
    readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
  };
  readonly scopeSpans: readonly { readonly spans: readonly Omit<Span, 'service'>[] }[];
}

async function startCollector() {
  const spans: Span[] = [];
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    bodies.push(text);
    const { resourceSpans } = JSON.parse(text) as { readonly resourceSpans: readonly Resource[] };
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
      spans.push(...scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, service }))));
    }
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    spans,
    bodies,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

test('a call to Graph is a part of its caller’s trace, and one that carries many requests is linked to each', async () => {
  const collector = await startCollector();
  const system = await startSystem({
    workers: 2,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, SLUICE_LINGER_MS: '1500' },
  });
  try {
    const traceIds = [1, 2, 3].map((n) => String(n).repeat(32));
    for (const [n, traceId] of traceIds.entries()) {
      const response = await fetch(`${system.intakes[0]!.url}/v1/connections/${CONNECTION}/items/shared/activities`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
        body: JSON.stringify({
          type: 'viewed',
          startDateTime: `2026-01-01T00:00:0${n}Z`,
          performedBy: { type: 'user', id: PERFORMER },
        }),
      });
      assert.equal(response.status, 202, await response.text());
    }
    await drained(system, [CONNECTION], withinMs);
    const of = (name: string) => collector.spans.filter((span) => span.name === name);
    const posts = () => of('POST /v1/connections/:connectionId/items/:itemId/activities');
    const enough = () => posts().length === 3 && of('addActivities').length >= 1;
    await eventually(enough, { withinMs, what: 'the collector has the spans' });
    for (const post of posts()) {
      assert.ok(traceIds.includes(post.traceId));
      assert.deepEqual([post.parentSpanId, post.service], ['00f067aa0ba902b7', 'sluice-intake']);
    }
    // Three activities of one item within its linger: one call, unless the machine was too slow for that.
    const linked = of('addActivities').flatMap(({ links }) => links ?? []);
    const spanIds = (list: readonly { readonly spanId: string }[]) => list.map(({ spanId }) => spanId).sort();
    assert.deepEqual(spanIds(linked), spanIds(posts()), 'each request is linked once, by the call that carried it');
    for (const call of of('addActivities')) {
      assert.deepEqual([call.traceId, call.parentSpanId], [call.links![0]!.traceId, call.links![0]!.spanId]);
      assert.equal(call.service, 'sluice-worker');
      const attributes = new Map(call.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
      assert.equal(attributes.get('sluice.connection'), CONNECTION);
      assert.equal(Number(attributes.get('http.response.status_code')), 200);
      assert.equal(Number(attributes.get('sluice.delivered')), call.links!.length);
    }
    const sent = collector.bodies.join('\n');
    for (const personal of [PERFORMER, 'shared']) assert.equal(sent.includes(personal), false, personal);
  } finally {
    await system.stop();
    collector.stop();
  }
});

test('a collector that is away costs nobody an activity, and a stop no longer than its time', async () => {
  const system = await startSystem({ workers: 1, env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' } });
  try {
    const response = await fetch(`${system.intakes[0]!.url}/v1/connections/${CONNECTION}/items/a/activities`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        type: 'viewed',
        startDateTime: '2026-01-01T00:00:00Z',
        performedBy: { type: 'user', id: PERFORMER },
      }),
    });
    assert.equal(response.status, 202, await response.text());
    await drained(system, [CONNECTION], withinMs);
    for (const service of [...system.intakes, ...system.workers]) assert.equal((await service.kill()).code, 0);
  } finally {
    await system.stop();
  }
});
