/*
  /api/v1/events: what the page shows, as it changes. A stream begins with everything (`fleet`), goes on with what changed
  (`changes`), and says when Redis does not answer (`away`). A frame comes with every tick, so a page that hears nothing for
  a while knows that it has lost its console.
*/
import { type Caller, mayUse } from '@sluice/core';
import type { FastifyInstance } from '@sluice/http';
import { refuse } from '../console-problems.ts';
import { CLIENTS_MAX, createLiveClients, type LiveClients } from './live-clients.ts';
import type { ShowFleet } from './show-fleet.ts';
import type { FleetReading, FleetWatch } from './watch-fleet.ts';

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
  /** One for those who may see everything, and one for each choice of connections that somebody's key has. */
  const streams = new Map<string, LiveStream>();
  const pages = () => [...streams.values()].reduce((sum, { clients }) => sum + clients.size(), 0);

  const stopTicks = fleet.onTick(() => {
    for (const [name, stream] of streams) {
      if (isStopping()) stream.clients.end();
      if (stream.clients.size() > 0) stream.sendTick();
      else streams.delete(name);
    }
  });

  app.addHook('preClose', (done) => {
    stopTicks();
    for (const { clients } of streams.values()) clients.end();
    done();
  });

  app.get('/api/v1/events', ({ caller }, reply) => {
    if (isStopping()) throw refuse('stopping');
    if (pages() >= CLIENTS_MAX) throw refuse('too_many_pages');
    const name = caller.connections === '*' ? '*' : [...caller.connections].sort().join();
    const stream = streams.get(name) ?? createLiveStream({ fleet, show, clock, caller });
    streams.set(name, stream);
    const response = reply.raw;
    stream.clients.add(response);
    reply.hijack();
    for (const [header, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) response.setHeader(header, value);
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // What a proxy holds back is not live.
      'x-accel-buffering': 'no',
    });
    response.write(`retry: ${RETRY_MS}\n\n`);
    stream.sendTick();
  });
}

interface LiveStream {
  readonly clients: LiveClients;
  sendTick(): void;
}

/** All pages of one stream get the same bytes: what this caller may see. */
function createLiveStream({
  fleet,
  show,
  clock,
  caller,
}: Omit<EventRouteParts, 'isStopping'> & { readonly caller: Caller }): LiveStream {
  const clients = createLiveClients(clock);
  /** As sent last: what changed since then goes to those who have it. */
  let sent: Written | null = null;

  function sendTick(): void {
    const reading = fleet.latest();
    const awaySinceMs = fleet.awaySinceMs();
    if (awaySinceMs !== null || reading === null) {
      const since = awaySinceMs === null ? null : new Date(awaySinceMs).toISOString();
      const frame = frameOf('away', JSON.stringify({ since }));
      clients.send({ delta: () => frame, whole: () => frame, isWhole: false });
      return;
    }
    const before = sent;
    // Whoever comes between two ticks gets what was written at the last.
    const now = before?.reading === reading ? before : write(reading, seenBy(caller, reading), show);
    sent = now;
    clients.send({ delta: () => changesFrame(before, now), whole: () => wholeFrame(now), isWhole: true });
  }

  return { clients, sendTick };
}

/** Of a reading, what a key for some connections may see: those, and nothing of the tenants above them. */
function seenBy(caller: Caller, reading: FleetReading): FleetReading {
  if (caller.connections === '*') return reading;
  const views = reading.views.filter(({ connectionId }) => mayUse(caller, connectionId));
  return { ...reading, views, total: views.length, tenants: [] };
}

/** A reading as JSON: what concerns all connections, and each of them by id. */
interface Written {
  readonly reading: FleetReading;
  readonly fleet: string;
  readonly connections: ReadonlyMap<string, string>;
}

function write(reading: FleetReading, seen: FleetReading, show: ShowFleet): Written {
  const connections = new Map(show.connections(seen).map((each) => [each.connectionId, JSON.stringify(each)]));
  return { reading, fleet: JSON.stringify(show.fleet(seen)), connections };
}

function wholeFrame({ fleet, connections }: Written): string {
  return frameOf('fleet', withMember(fleet, `"list":[${[...connections.values()].join(',')}]`));
}

function changesFrame(before: Written | null, { fleet, connections }: Written): string {
  const old = before?.connections ?? new Map<string, string>();
  const changed = [...connections].filter(([id, text]) => old.get(id) !== text).map(([, text]) => text);
  const gone = [...old.keys()].filter((id) => !connections.has(id));
  return frameOf('changes', withMember(fleet, `"changed":[${changed.join(',')}],"gone":${JSON.stringify(gone)}`));
}

/** Into the JSON of an object that has members. */
function withMember(json: string, member: string): string {
  return `${json.slice(0, -1)},${member}}`;
}

function frameOf(event: string, json: string): string {
  return `event: ${event}\ndata: ${json}\n\n`;
}
