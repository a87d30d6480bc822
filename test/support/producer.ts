/* A producer that remembers what was acknowledged: one side of the conservation check. Each activity it makes is unlike any other. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

export interface Sent {
  readonly connection: string;
  readonly item: string;
  readonly type: string;
  readonly startDateTime: string;
  readonly performer: string;
}

export interface Producer {
  /** Acknowledged with 202 or 207: promised. */
  readonly acknowledged: Sent[];
  /** Sent, but the answer was none or an error: promised neither way. */
  readonly doubtful: Sent[];
  /** Posts `count` activities in one request; answers the HTTP status, 0 for a connection that broke. */
  post(request: {
    readonly connection: string;
    readonly items: readonly string[];
    readonly count: number;
  }): Promise<number>;
}

const TRIES_MAX = 500;
const PAUSE_MS = 20;
const TYPES = ['viewed', 'modified', 'created', 'commented'];
const BEGIN_MS = Date.UTC(2026, 0, 1);

/** With resend each activity has an id, and a request that got no 202 is sent again as it was until it gets one. */
export function startProducer(urls: () => readonly string[], { resend = false } = {}): Producer {
  let made = 0;
  let posts = 0;
  const acknowledged: Sent[] = [];
  const doubtful: Sent[] = [];
  return {
    acknowledged,
    doubtful,
    post: async ({ connection, items, count }) => {
      const sent = Array.from({ length: count }, (): Sent => {
        made += 1;
        return {
          connection,
          item: items[made % items.length]!,
          type: TYPES[made % TYPES.length]!,
          startDateTime: new Date(BEGIN_MS + made).toISOString(),
          performer: randomUUID(),
        };
      });
      const activities = sent.map(({ item, type, startDateTime, performer }) => ({
        itemId: item,
        type,
        startDateTime,
        performedBy: { type: 'user', id: performer },
        ...(resend && { id: `${startDateTime} ${performer}` }),
      }));
      const body = JSON.stringify({ activities });
      for (let tries = 1; ; tries++) {
        const all = urls();
        const status = await send(`${all[posts++ % all.length]}/v1/connections/${connection}/activities`, body);
        if (status !== 202 && resend && tries < TRIES_MAX) {
          await pause(PAUSE_MS);
          continue;
        }
        (status === 202 ? acknowledged : doubtful).push(...sent);
        return status;
      }
    },
  };
}

async function send(url: string, body: string): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  try {
    const response = await fetch(url, { method: 'POST', headers, body });
    await response.text();
    return response.status;
  } catch {
    return 0;
  }
}
