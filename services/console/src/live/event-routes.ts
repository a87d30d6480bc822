/*
  /api/v1/events: what the page shows, as it changes. A stream begins with everything (`fleet`), goes on with what changed
  (`changes`), and says when Redis does not answer (`away`). A frame comes with every tick, so a page that hears nothing for
  a while knows that it has lost its console.
*/
import type { FastifyInstance } from '@sluice/http';
import { refuse } from '../console-problems.ts';
import type { ShownConnection } from '../words/shown.ts';
import { createLiveClients } from './live-clients.ts';
import type { ShowFleet } from './show-fleet.ts';
import type { FleetWatch } from './watch-fleet.ts';

export interface EventRouteParts {
  readonly fleet: FleetWatch;
  readonly show: ShowFleet;
  readonly isStopping: () => boolean;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
}

/** A browser asks again after this. */
const RETRY_MS = 1000;

export function addEventRoutes(app: FastifyInstance, { fleet, show, isStopping, clock }: EventRouteParts): void {
  const clients = createLiveClients(clock);
  /** What was sent last, by id. */
  let sent = new Map<string, string>();

  const stopTicks = fleet.onTick(() => {
    if (isStopping()) clients.end();
    if (clients.size() > 0) sendTick();
    else sent = new Map();
  });

  function sendTick(): void {
    const reading = fleet.latest();
    const awaySinceMs = fleet.awaySinceMs();
    if (awaySinceMs !== null || reading === null) {
      const frame = frameOf('away', { since: awaySinceMs === null ? null : new Date(awaySinceMs).toISOString() });
      clients.send({ delta: () => frame, whole: () => frame, isWhole: false });
      return;
    }
    const now = new Map(show.connections(reading).map((each) => [each.connectionId, each]));
    const texts = new Map([...now].map(([id, each]) => [id, JSON.stringify(each)]));
    const before = sent;
    sent = texts;
    clients.send({ delta: () => frameOf('changes', changesOf(before, texts, now)), whole, isWhole: true });

    function whole(): string {
      return frameOf('fleet', { ...show.fleet(reading!), list: [...now.values()] });
    }

    function changesOf(
      old: ReadonlyMap<string, string>,
      fresh: ReadonlyMap<string, string>,
      all: ReadonlyMap<string, ShownConnection>,
    ) {
      const changed = [...fresh].filter(([id, text]) => old.get(id) !== text).map(([id]) => all.get(id));
      const gone = [...old.keys()].filter((id) => !fresh.has(id));
      return { ...show.fleet(reading!), changed, gone };
    }
  }

  app.addHook('preClose', (done) => {
    stopTicks();
    clients.end();
    done();
  });

  // All pages get the same bytes.
  const config = { everyConnection: true } as const;
  app.get('/api/v1/events', { config }, (_request, reply) => {
    if (isStopping()) throw refuse('stopping');
    const response = reply.raw;
    if (!clients.add(response)) throw refuse('too_many_pages');
    reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) response.setHeader(name, value);
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // What a proxy holds back is not live.
      'x-accel-buffering': 'no',
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    sendTick();
  });
}

function frameOf(event: string, content: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(content)}\n\n`;
}
