/*
  deliver: tokens of a managed identity, from the endpoint of the machine (App Service and Container Apps, IMDS, Azure Arc, …:
  MSAL knows which by the environment that the platform sets). MSAL keeps the first network it was given for all identities of
  the process, so it is given one that finds the exchange of the request under way.
*/
import { AsyncLocalStorage } from 'node:async_hooks';
import { type INetworkModule, ManagedIdentityApplication } from '@azure/msal-node';
import { openPost, type Post } from '../send/open-post.ts';
import { classifyTokenFailure } from './classify-token-failure.ts';
import type { ManagedIdentity } from './credential.ts';
import { type AnsweredBody, readAcquiredToken, TOKEN_ANSWER_BYTES_MAX } from './read-acquired-token.ts';
import { openTokenExchange, type TokenExchange } from './token-exchange.ts';
import type { AcquiredToken, TokenSource } from './token-source.ts';

export interface IdentityTokenSourceOptions {
  readonly credential: ManagedIdentity;
  /** `<Graph root>/.default`. */
  readonly scope: string;
  readonly clock: () => number;
  readonly wallClock: () => number;
}

const CONNECTIONS_MAX = 2;
/** A machine has one endpoint; Arc's challenge is answered by the same. */
const ORIGINS_MAX = 2;

const UNDER_WAY = new AsyncLocalStorage<TokenExchange>();
const NETWORK: INetworkModule = {
  sendGetRequestAsync: (url, options) => exchangeUnderWay().network.sendGetRequestAsync(url, options),
  sendPostRequestAsync: (url, options) => exchangeUnderWay().network.sendPostRequestAsync(url, options),
};

function exchangeUnderWay(): TokenExchange {
  const exchange = UNDER_WAY.getStore();
  if (exchange === undefined) throw new Error('MSAL asked outside of a request for a token');
  return exchange;
}

export function openIdentityTokenSource(options: IdentityTokenSourceOptions): TokenSource {
  const { credential, scope, wallClock } = options;
  const { clientId } = credential;
  const { postTo, close } = openPosts(options.clock);

  async function acquire({ claims }: { readonly claims: string | null }): Promise<AcquiredToken> {
    const exchange = openTokenExchange(postTo);
    const application = new ManagedIdentityApplication({
      ...(clientId === null ? {} : { managedIdentityIdParams: { userAssignedClientId: clientId } }),
      system: { networkClient: NETWORK, disableInternalRetries: true },
    });
    let thrown: unknown = null;
    try {
      const { accessToken } = await UNDER_WAY.run(exchange, () =>
        application.acquireToken({
          resource: scope,
          forceRefresh: true,
          ...(claims === null ? {} : { claims }),
        }),
      );
      const token = readAcquiredToken(accessToken, exchange.seen(), (body, date) =>
        lifetimeOf(body, date, wallClock()),
      );
      if (token !== null) return token;
    } catch (error) {
      thrown = error;
    }
    throw classifyTokenFailure({
      seen: exchange.seen(),
      thrown,
      secrets: exchange.secrets(),
      asked: 'identity endpoint',
      wallMs: wallClock(),
    });
  }

  return { acquire, close };
}

/**
 * By expires_on, seconds since 1970 or ISO 8601: App Service gives nothing else, and IMDS, which hands the same token out for
 * hours, counts expires_in from its issue. Compared with the answer's own Date where it has one, not with our clock.
 */
function lifetimeOf(body: AnsweredBody, date: string | null, wallMs: number): number {
  const expiresOn = body['expires_on'];
  const seconds = Number(expiresOn);
  const expiresAtMs = Number.isNaN(seconds) ? Date.parse(String(expiresOn)) : seconds * 1000;
  const answeredMs = Date.parse(date ?? '');
  return expiresAtMs - (Number.isNaN(answeredMs) ? wallMs : answeredMs);
}

function openPosts(clock: () => number): { postTo(origin: string): Post; close(): Promise<void> } {
  const posts = new Map<string, Post>();
  return {
    postTo: (origin) => {
      const known = posts.get(origin);
      if (known !== undefined) return known;
      if (posts.size >= ORIGINS_MAX) throw new Error('the identity endpoint moves about');
      const limits = { connectionsMax: CONNECTIONS_MAX, responseBytesMax: TOKEN_ANSWER_BYTES_MAX };
      const opened = openPost({ origin, ...limits, proxy: null, clock });
      posts.set(origin, opened);
      return opened;
    },
    close: async () => {
      await Promise.all([...posts.values()].map((post) => post.close()));
    },
  };
}
