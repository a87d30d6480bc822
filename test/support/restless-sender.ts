/*
  A client as bad as they come, that still does what the documents ask: it hangs up in the middle of what it sends, or before it
  has read its answer, and sends the same again until one comes. By key or by id, as JSON, as lines, in gzip, on Graph's path.
*/
import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Sent } from './producer.ts';

export const WAYS = ['item', 'bulk', 'lines', 'graph'] as const;

export interface Way {
  readonly connection: string;
  readonly path: (typeof WAYS)[number];
  readonly sameBy: 'key' | 'id';
  readonly zipped: boolean;
}

export interface Fate {
  /** The share of the body after which the first tries hang up; 1: they send it whole and do not wait for the answer. */
  readonly cutAt: readonly number[];
}

export interface Restless {
  readonly acknowledged: Sent[];
  readonly counts: {
    requests: number;
    bodies: number;
    cut: number;
    unanswered: number;
    refused: number;
    duplicates: number;
  };
  /** Sends one body until it is taken; `urlOf` says where the next try goes. */
  send(urlOf: () => string, way: Way, fate: Fate): Promise<void>;
}

const TRIES_MAX = 2000;
const PAUSE_MS = 100;
const TYPES = ['viewed', 'modified', 'created', 'commented'];
const ITEMS = 40;
/** More than is stored at once, so that it is stored in pieces. */
const ACTIVITIES: Readonly<Record<Way['path'], number>> = { item: 3, bulk: 700, lines: 1300, graph: 45 };
const INVALID_EVERY = 50;

interface Made {
  readonly sent: readonly Sent[];
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export function startRestless(): Restless {
  let made = 0;
  const acknowledged: Sent[] = [];
  const counts = { requests: 0, bodies: 0, cut: 0, unanswered: 0, refused: 0, duplicates: 0 };

  function make({ connection, path, sameBy, zipped }: Way): Made {
    const one = `item-${made % ITEMS}`;
    const many = path === 'bulk' || path === 'lines';
    const sent = Array.from({ length: ACTIVITIES[path] }, (): Sent => {
      made++;
      return {
        connection,
        item: many ? `item-${made % ITEMS}` : one,
        type: TYPES[made % TYPES.length]!,
        startDateTime: new Date(Date.UTC(2026, 0, 1) + made).toISOString(),
        performer: randomUUID(),
      };
    });
    const activities: object[] = sent.map(({ item, type, startDateTime, performer }) => ({
      ...(many && { itemId: item }),
      type,
      startDateTime,
      performedBy: { type: 'user', id: performer },
      ...(sameBy === 'id' && { id: `${startDateTime} ${performer}` }),
    }));
    // Some of what people send is wrong, and must not be in the way of the rest.
    for (let at = INVALID_EVERY; at < activities.length; at += INVALID_EVERY)
      activities.splice(at, 0, { type: 'none' });
    const text =
      path === 'lines' ? activities.map((line) => JSON.stringify(line)).join('\n') : JSON.stringify({ activities });
    const body = zipped ? gzipSync(text) : Buffer.from(text);
    return {
      sent,
      path: {
        item: `/v1/connections/${connection}/items/${one}/activities`,
        graph: `/beta/external/connections/${connection}/items/${one}/addActivities`,
        bulk: `/v1/connections/${connection}/activities`,
        lines: `/v1/connections/${connection}/activities`,
      }[path],
      headers: {
        'content-type': path === 'lines' ? 'application/x-ndjson' : 'application/json',
        ...(zipped && { 'content-encoding': 'gzip' }),
        ...(sameBy === 'key' && { 'idempotency-key': `"${randomUUID()}"` }),
      },
      body,
    };
  }

  return {
    acknowledged,
    counts,
    send: async (urlOf, way, { cutAt }) => {
      const body = make(way);
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        counts.requests++;
        const cut = cutAt[tries] ?? null;
        const answer = await exchange(urlOf(), body, cut);
        if (cut !== null) {
          counts.cut++;
          continue;
        }
        if (answer !== null && [200, 202, 207].includes(answer.status)) {
          counts.bodies++;
          counts.duplicates += Number(answer.said['duplicates'] ?? 0);
          acknowledged.push(...body.sent);
          return;
        }
        if (answer === null) counts.unanswered++;
        else if ([409, 503].includes(answer.status)) counts.refused++;
        else throw new Error(`${way.path} by ${way.sameBy}: ${answer.status} ${JSON.stringify(answer.said)}`);
        await pause(PAUSE_MS);
      }
      throw new Error(`not taken in ${TRIES_MAX} tries`);
    },
  };
}

interface Answer {
  readonly status: number;
  readonly said: Readonly<Record<string, unknown>>;
}

/** Null: nothing came, or nobody waited for it. */
function exchange(url: string, { path, headers, body }: Made, cut: number | null): Promise<Answer | null> {
  const { promise, resolve } = Promise.withResolvers<Answer | null>();
  const asked = request(new URL(path, url), {
    method: 'POST',
    headers: { ...headers, 'content-length': String(body.length) },
    agent: false,
  });
  asked.on('error', () => resolve(null));
  asked.on('close', () => resolve(null));
  asked.on('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('error', () => resolve(null));
    response.on('end', () => {
      try {
        resolve({ status: response.statusCode ?? 0, said: JSON.parse(Buffer.concat(chunks).toString()) });
      } catch {
        resolve(null);
      }
    });
  });
  if (cut === null) asked.end(body);
  else asked.write(body.subarray(0, Math.ceil(body.length * cut)), () => asked.destroy());
  return promise;
}
