/* A producer that remembers what was acknowledged: one side of the conservation check. Each activity it makes is unlike any other. */
import { randomUUID } from 'node:crypto';

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

const TYPES = ['viewed', 'modified', 'created', 'commented'];
const BEGIN_MS = Date.UTC(2026, 0, 1);

export function startProducer(urls: () => readonly string[]): Producer {
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
      }));
      const all = urls();
      const status = await fetch(`${all[posts++ % all.length]}/v1/connections/${connection}/activities`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ activities }),
      }).then(
        async (response) => {
          await response.text();
          return response.status;
        },
        () => 0,
      );
      (status === 202 ? acknowledged : doubtful).push(...sent);
      return status;
    },
  };
}
