/* Names and passwords as a connection is opened with them: where a file gives them they are read for each one, so that a new password needs no restart. */
import { parseRedisAddress, type RedisAddress } from '@sluice/core';
import type { ShowLogin } from './connectors.ts';
import { readEachTime } from './read-each-time.ts';

export interface SentinelLogin {
  readonly username: string | null;
  /** Null: the Sentinels ask for none. */
  readonly password: string | null;
  /** The file that password was read from; null: it was given as text. */
  readonly passwordFile: string | null;
}

export interface LoginPlaces {
  readonly address: RedisAddress;
  /** The file that the whole address was read from; null: it was given as text. */
  readonly urlFile: string | null;
  readonly sentinels: SentinelLogin;
}

type Shown = Pick<RedisAddress, 'username' | 'password'>;

/** ioredis reads the members of its options when it opens a connection. The rest of the address stays what it was at start. */
export function loginsFromFiles({ address, urlFile, sentinels }: LoginPlaces): ShowLogin {
  const login =
    urlFile === null
      ? (): Shown => address
      : readEachTime<Shown>(urlFile, address, (text) => parseRedisAddress(text.trim()));
  const { username, password, passwordFile } = sentinels;
  const sentinelPassword =
    passwordFile === null ? () => password : readEachTime(passwordFile, password, (text) => text.trim() || null);
  return (options) => {
    Object.defineProperties(options, {
      username: read(() => login().username),
      password: read(() => login().password),
      ...(address.kind === 'sentinel' && {
        sentinelUsername: read(() => username),
        sentinelPassword: read(sentinelPassword),
      }),
    });
  };
}

function read(get: () => string | null): PropertyDescriptor {
  return { configurable: true, enumerable: true, get };
}
