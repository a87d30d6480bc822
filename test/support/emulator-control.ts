/* The emulator's control routes, typed. */
export interface LedgerLine {
  readonly seq: number;
  readonly call: number;
  readonly at: string;
  readonly tenant: string;
  readonly connection: string;
  readonly item: string;
  readonly position: number;
  readonly activity: {
    readonly '@odata.type': string;
    readonly type: string;
    readonly startDateTime: string;
    readonly performedBy: { readonly type: string; readonly id: string };
  };
  readonly answered: boolean;
  readonly clientRequestId: string;
}

export interface CallLine {
  readonly call: number;
  readonly at: string;
  readonly connection: string;
  readonly item: string;
  readonly status: number | string;
  readonly entries: number;
  readonly clientRequestId: string;
}

export interface EmulatorControl {
  readonly url: string;
  behave(behavior: Readonly<Record<string, unknown>>): Promise<void>;
  ledger(): Promise<readonly LedgerLine[]>;
  calls(): Promise<readonly CallLine[]>;
  /** Of one connection, or of all. */
  stats(connection?: string): Promise<EmulatorStats>;
}

export interface EmulatorStats {
  readonly calls: number;
  readonly activities: number;
  readonly meanFill: number;
  readonly byStatus: Record<string, number>;
  /** Calls by the second they arrived in, seconds since 1970; a second without any is not there. */
  readonly perSecond: readonly { readonly t: number; readonly accepted: number; readonly refused: number }[];
  /** Of the second client on the same limits. */
  readonly background: { readonly accepted: number; readonly refused: number };
  readonly tokenCalls: Record<string, number>;
}

export function emulatorControl(url: string): EmulatorControl {
  async function lines<T>(path: string): Promise<readonly T[]> {
    const text = await (await fetch(`${url}${path}`)).text();
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as T);
  }
  return {
    url,
    behave: async (behavior) => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${url}/emulator/behavior`, {
        method: 'PUT',
        headers,
        body: JSON.stringify(behavior),
      });
      if (!response.ok) throw new Error(`the emulator refused the behaviour: ${await response.text()}`);
    },
    ledger: () => lines<LedgerLine>('/emulator/ledger'),
    calls: () => lines<CallLine>('/emulator/calls'),
    stats: async (connection) => {
      const query = connection === undefined ? '' : `?connection=${connection}`;
      return (await (await fetch(`${url}/emulator/stats${query}`)).json()) as EmulatorStats;
    },
  };
}
