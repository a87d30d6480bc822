/** How often tokens were asked for, by status: shows whether a client caches, and asks once at a time. */
export interface TokenCounts {
  count(status: number): void;
  read(): Readonly<Record<string, number>>;
  clear(): void;
}

export function createTokenCounts(): TokenCounts {
  const byStatus = new Map<string, number>();
  return {
    count: (status) => void byStatus.set(String(status), (byStatus.get(String(status)) ?? 0) + 1),
    read: () => Object.fromEntries(byStatus),
    clear: () => byStatus.clear(),
  };
}
