/* The user of Redis that is shipped. Whatever of Sluice a test runs logs in as it, so that every test shows that its permissions are enough. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface RedisLogin {
  readonly user: string;
  readonly password: string;
}

export const REDIS_LOGIN: RedisLogin = { user: 'sluice', password: 'of-this-test' };

const SHIPPED = new URL('../../../deploy/redis/', import.meta.url);
const WAITAOF_SINCE = [7, 2] as const;

/** The line of the file that is shipped for a server of this version, with the password of tests. */
export function shippedUser([major, minor]: readonly [number, number]): string {
  const [since, sinceMinor] = WAITAOF_SINCE;
  const file = major > since || (major === since && minor >= sinceMinor) ? 'sluice.acl' : 'sluice-before-7.2.acl';
  return readFileSync(new URL(file, SHIPPED), 'utf8').trim().replace('>CHANGE-ME', `>${REDIS_LOGIN.password}`);
}

/** For redis-server's command line. */
export function userArguments(line: string): readonly string[] {
  const [user, ...rest] = line.split(' ');
  return [`--${user}`, ...rest];
}

export function loginTo(url: string, { user, password }: RedisLogin = REDIS_LOGIN): string {
  return url.replace('://', `://${user}:${password}@`);
}

const versions = new Map<string, readonly [number, number]>();

/** Of a program; asked once. A missing program is an error of who starts it: here it is of the newest version. */
export function versionOf(program: string): readonly [number, number] {
  let version = versions.get(program);
  if (version === undefined) {
    version = askVersion(program);
    versions.set(program, version);
  }
  return version;
}

function askVersion(program: string): readonly [number, number] {
  try {
    const [, major, minor] = /\bv=(\d+)\.(\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' })) ?? [];
    return [Number(major), Number(minor)];
  } catch {
    return [Number.POSITIVE_INFINITY, 0];
  }
}
