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
  stats(): Promise<{
    readonly calls: number;
    readonly activities: number;
    readonly meanFill: number;
    readonly byStatus: Record<string, number>;
    readonly tokenCalls: Record<string, number>;
  }>;
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
    stats: async () =>
      (await (await fetch(`${url}/emulator/stats`)).json()) as Awaited<ReturnType<EmulatorControl['stats']>>,
  };
}
