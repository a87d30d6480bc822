/* What Sentinels say that name no server: the one thing an operator can mend, out of all that each of them said. */
import type { RedisAddress } from '@sluice/core';

/** How ioredis says that it has asked all of them; with what the last one said, where none named a server. */
const ASKED_ALL = /^All sentinels are unreachable/;
const NOBODY_NAMED = /Last error: /;

const PASSWORD = 'REDIS_SENTINEL_PASSWORD';

type Say = (where: string, name: string) => string;

/** The more telling first: two Sentinels that refuse a password say more than a third that is away. */
const SAID: readonly (readonly [RegExp, Say])[] = [
  [
    /WRONGPASS/,
    (where) => `The Sentinels do not accept ${PASSWORD} (with REDIS_SENTINEL_USERNAME, where it is set) (${where})`,
  ],
  [
    /NOAUTH/,
    (where) =>
      `The Sentinels ask for a password: set ${PASSWORD}; the one in REDIS_URL is for the server alone (${where})`,
  ],
  [
    /NOPERM/,
    (where) =>
      `The Sentinels do not let this user ask for the server: it needs +sentinel|get-master-addr-by-name and +sentinel|sentinels (${where})`,
  ],
  [
    /No such master/,
    (where, name) => `The Sentinels know no server named ${name}: correct the name at the end of REDIS_URL (${where})`,
  ],
];

export interface SentinelWords {
  /** What one Sentinel said, or the connection to it. */
  readonly hear: (error: Error) => void;
  /** An error of the client in these words; null: it adds nothing to what was said before; itself: it is not about Sentinels. */
  readonly describe: (error: Error) => Error | null;
}

export function hearSentinels({ hosts, name }: Pick<RedisAddress, 'hosts' | 'name'>): SentinelWords {
  const where = hosts.map(({ host, port }) => `${host}:${port}`).join(', ');
  let heard: Error | null = null;
  return {
    hear: (error) => {
      if (heard === null || rankOf(error) <= rankOf(heard)) heard = error;
    },
    describe: (error) => {
      if (!ASKED_ALL.test(error.message)) return error;
      const cause = heard ?? error;
      heard = null;
      // They did name one, and it was that one that did not answer: its own error was told.
      if (!NOBODY_NAMED.test(error.message)) return null;
      const say = SAID[rankOf(cause)]?.[1];
      if (say !== undefined) return new Error(`${say(where, name)}.`, { cause });
      return isTold(cause) ? cause : new Error(`No Sentinel can be reached (${where}).`, { cause });
    },
  };
}

function rankOf(error: Error): number {
  const rank = SAID.findIndex(([pattern]) => pattern.test(error.message));
  if (rank >= 0) return rank;
  return isTold(error) ? SAID.length : SAID.length + 1;
}

/** The system or TLS says why, and not only that the connection is gone. */
function isTold(error: Error): boolean {
  return typeof (error as { code?: unknown }).code === 'string';
}
