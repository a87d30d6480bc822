/* The console's routes as an operator's program uses them: page by page, going on from `next`. */
export interface Letter {
  readonly id: string;
  readonly state: 'dead' | 'parked';
  readonly itemId: string;
  readonly activity: {
    readonly type: string;
    readonly startDateTime: string;
    readonly performedBy: { readonly type: string; readonly id: string };
  };
  readonly code: string;
  readonly message: string;
  readonly requestId: string | null;
  readonly attempts: number;
  readonly acceptedAt: string;
  readonly settledAt: string;
  readonly receiptId: string | null;
}

export interface Changed {
  readonly matched: number;
  readonly done: number;
  readonly requests: number;
}

export interface ConsoleClient {
  ask(path: string, body?: unknown): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  list(connectionId: string, query?: string): Promise<readonly Letter[]>;
  /** Until there is no next. */
  change(
    connectionId: string,
    action: 'replay' | 'discard',
    filter: object,
    onAnswer?: (done: number) => void,
  ): Promise<Changed>;
  /** Every sample of the fleet's series of one connection, by name and further labels. */
  series(connectionId: string): Promise<ReadonlyMap<string, number>>;
}

export function consoleClient(url: string): ConsoleClient {
  async function ask(path: string, body?: unknown) {
    const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, body === undefined ? {} : sent);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  const lettersOf = (connectionId: string) => `/api/v1/connections/${connectionId}/dead-letters`;
  return {
    ask,
    list: async (connectionId, query = '') => {
      const letters: Letter[] = [];
      let next: string | null = null;
      do {
        const cursor: string = next === null ? '' : `&cursor=${encodeURIComponent(next)}`;
        const { status, body } = await ask(`${lettersOf(connectionId)}?limit=1000${query}${cursor}`);
        if (status !== 200) throw new Error(`the list was answered ${status}: ${JSON.stringify(body)}`);
        letters.push(...(body['entries'] as Letter[]));
        next = body['next'] as string | null;
      } while (next !== null);
      return letters;
    },
    change: async (connectionId, action, filter, onAnswer = () => {}) => {
      const sum = { matched: 0, done: 0, requests: 0 };
      let cursor: string | null = null;
      do {
        const { status, body } = await ask(`${lettersOf(connectionId)}/${action}`, { filter, cursor });
        if (status !== 200) throw new Error(`${action} was answered ${status}: ${JSON.stringify(body)}`);
        sum.matched += body['matched'] as number;
        sum.done += body['done'] as number;
        sum.requests += 1;
        cursor = body['next'] as string | null;
        onAnswer(sum.done);
      } while (cursor !== null);
      return sum;
    },
    series: async (connectionId) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const label = `connection="${connectionId}"`;
      const lines = text.split('\n').filter((line) => line.includes(`{${label}`));
      return new Map(
        lines.map((line) => [
          line.slice(0, line.lastIndexOf(' ')).replace(label, '').replace('{,', '{').replace('{}', ''),
          Number(line.slice(line.lastIndexOf(' '))),
        ]),
      );
    },
  };
}
