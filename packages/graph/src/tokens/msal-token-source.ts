/*
  deliver: tokens by client credentials, with MSAL. A client application is made for each request and thrown away: its cache
  withholds a token that is still good when the provider is away, its local throttle refuses to ask for a minute after one
  503, and both live in the instance. What is remembered, token-keeper.ts remembers.
*/
import { ConfidentialClientApplication, type NodeAuthOptions } from '@azure/msal-node';
import { openPost } from '../send/open-post.ts';
import { classifyTokenFailure } from './classify-token-failure.ts';
import { openTokenExchange, type TokenAnswer, type TokenExchange } from './token-exchange.ts';
import type { AcquiredToken, TokenSource } from './token-source.ts';

/** How the application proves who it is. A certificate or a federated assertion is one more kind, and one more line in authOf. */
export type AppCredential = { readonly kind: 'secret'; readonly clientSecret: string };

export interface MsalTokenSourceOptions {
  readonly tenantId: string;
  readonly clientId: string;
  readonly credential: AppCredential;
  readonly tokenUrl: URL;
  readonly scope: string;
  /** Declares that claims challenges are understood (CP1): tokens then live up to a day, and Graph may revoke them. */
  readonly claimsChallenges: boolean;
  readonly clock: () => number;
  readonly wallClock: () => number;
}

/** One request at a time is asked for; a second socket is for one that hangs. */
const CONNECTIONS_MAX = 2;
/** A token with many roles has a few KiB. */
const ANSWER_BYTES_MAX = 256 * 1024;
/** What may stand in a header; anything else is no bearer token (RFC 6750). */
const TOKEN = /^[\x21-\x7e]{1,65536}$/;

export function openMsalTokenSource(options: MsalTokenSourceOptions): TokenSource {
  const { tokenUrl, scope, clock, wallClock, credential } = options;
  const post = openPost({
    origin: tokenUrl.origin,
    connectionsMax: CONNECTIONS_MAX,
    responseBytesMax: ANSWER_BYTES_MAX,
    clock,
  });

  async function acquire({ claims }: { readonly claims: string | null }): Promise<AcquiredToken> {
    const exchange = openTokenExchange(post);
    let thrown: unknown = null;
    try {
      const application = makeApplication(options, exchange);
      const result = await application.acquireTokenByClientCredential({
        scopes: [scope],
        skipCache: true,
        ...(claims === null ? {} : { claims }),
      });
      const token = readToken(result?.accessToken ?? '', exchange.seen());
      if (token !== null) return token;
    } catch (error) {
      thrown = error;
    }
    const secrets = [credential.clientSecret];
    throw classifyTokenFailure({ seen: exchange.seen(), thrown, secrets, wallMs: wallClock() });
  }

  return { acquire, close: post.close };
}

/**
 * The authority is only a label: the endpoints are given, so that nothing is discovered, a token costs one request, and
 * a token endpoint on this machine can be plain http, which MSAL refuses as an authority.
 */
function makeApplication(options: MsalTokenSourceOptions, { network }: TokenExchange): ConfidentialClientApplication {
  const { tenantId, clientId, credential, tokenUrl, claimsChallenges } = options;
  const host = 'login.sluice.invalid';
  const authority = `https://${host}/${encodeURIComponent(tenantId)}`;
  const authorityMetadata = JSON.stringify({
    issuer: `${authority}/v2.0`,
    authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
    token_endpoint: tokenUrl.href,
    jwks_uri: `${authority}/discovery/v2.0/keys`,
  });
  return new ConfidentialClientApplication({
    auth: {
      clientId,
      authority,
      knownAuthorities: [host],
      authorityMetadata,
      ...(claimsChallenges ? { clientCapabilities: ['CP1'] } : {}),
      ...authOf(credential),
    },
    system: { networkClient: network, disableInternalRetries: true },
  });
}

function authOf(
  credential: AppCredential,
): Pick<NodeAuthOptions, 'clientSecret' | 'clientAssertion' | 'clientCertificate'> {
  return { clientSecret: credential.clientSecret };
}

/**
 * MSAL takes any answer without an OAuth error for a token, whatever its status. Times are taken from the answer itself: MSAL
 * turns them into wall-clock dates, and a wall clock may jump.
 */
function readToken(value: string, seen: TokenAnswer | null): AcquiredToken | null {
  if (seen?.kind !== 'answered' || seen.status < 200 || seen.status > 299 || !TOKEN.test(value)) return null;
  const lifetimeMs = Number(seen.body?.['expires_in']) * 1000;
  const refreshInMs = Number(seen.body?.['refresh_in']) * 1000;
  if (!(lifetimeMs > 0)) return null;
  return { value, lifetimeMs, refreshInMs: refreshInMs > 0 ? refreshInMs : null };
}
