/* deliver: the token source of a credential. One source is one credential of one tenant: no token of it can reach another. */
import type { GraphProxy } from '../graph-config.ts';
import { openAppTokenSource } from './app-token-source.ts';
import type { Credential } from './credential.ts';
import { openIdentityTokenSource } from './identity-token-source.ts';
import type { TokenSource } from './token-source.ts';

export interface TokenSourceOptions {
  readonly credential: Credential;
  /** Null for a managed identity, which asks its machine. */
  readonly tokenUrl: URL | null;
  /** `<Graph root>/.default` */
  readonly scope: string;
  /** Declares that claims challenges are understood (CP1): tokens then live up to a day, and Graph may revoke them. */
  readonly claimsChallenges: boolean;
  /** To the token endpoint; a managed identity asks its machine, which is never behind one. */
  readonly proxy: GraphProxy | null;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly wallClock: () => number;
}

export function openTokenSource({ credential, tokenUrl, proxy, ...rest }: TokenSourceOptions): TokenSource {
  if (credential.kind === 'managed-identity') return openIdentityTokenSource({ credential, ...rest });
  if (tokenUrl === null) throw new TypeError('an application asks a token endpoint, and none was given');
  return openAppTokenSource({ credential, tokenUrl, proxy, ...rest });
}
