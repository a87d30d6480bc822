/*
  deliver: tokens by client credentials, with MSAL. A client application is made for each request and thrown away: its cache
  withholds a token that is still good when the provider is away, its local throttle refuses to ask for a minute after one
  503, and both live in the instance. What is remembered, token-keeper.ts remembers.
*/
import { ConfidentialClientApplication } from '@azure/msal-node';
import type { GraphProxy } from '../graph-config.ts';
import { openPost } from '../send/open-post.ts';
import { classifyTokenFailure } from './classify-token-failure.ts';
import type { AppCredential } from './credential.ts';
import { openProof, type ProofInForce } from './open-proof.ts';
import { readAcquiredToken, TOKEN_ANSWER_BYTES_MAX } from './read-acquired-token.ts';
import { openTokenExchange, type TokenExchange } from './token-exchange.ts';
import { type AcquiredToken, TokenError, type TokenSource } from './token-source.ts';

export interface AppTokenSourceOptions {
  readonly credential: AppCredential;
  readonly tokenUrl: URL;
  readonly scope: string;
  readonly claimsChallenges: boolean;
  readonly proxy: GraphProxy | null;
  readonly clock: () => number;
  readonly wallClock: () => number;
}

/** One request at a time is asked for; a second socket is for one that hangs. */
const CONNECTIONS_MAX = 2;

export function openAppTokenSource(options: AppTokenSourceOptions): TokenSource {
  const { tokenUrl, scope, proxy, clock, wallClock, credential } = options;
  const proofNow = openProof(credential.proof);
  const post = openPost({
    origin: tokenUrl.origin,
    connectionsMax: CONNECTIONS_MAX,
    responseBytesMax: TOKEN_ANSWER_BYTES_MAX,
    proxy,
    clock,
  });

  async function ask(proof: ProofInForce, claims: string | null): Promise<AcquiredToken> {
    const exchange = openTokenExchange(() => post);
    let thrown: unknown = null;
    try {
      const application = makeApplication(options, proof, exchange);
      const result = await application.acquireTokenByClientCredential({
        scopes: [scope],
        skipCache: true,
        ...(claims === null ? {} : { claims }),
      });
      const token = readAcquiredToken(result?.accessToken ?? '', exchange.seen(), lifetimeOf);
      if (token !== null) return token;
    } catch (error) {
      thrown = error;
    }
    const secrets = [...proof.secrets, ...exchange.secrets()];
    throw classifyTokenFailure({
      seen: exchange.seen(),
      thrown,
      secrets,
      asked: 'token endpoint',
      wallMs: wallClock(),
    });
  }

  return {
    acquire: async ({ claims }) => {
      const proof = await proofNow();
      try {
        return await ask(proof, claims);
      } catch (error) {
        // Refused: perhaps it was rotated since it was read.
        if (!(error instanceof TokenError) || error.code !== 'credential') throw error;
        const newer = await proofNow();
        if (newer === proof) throw error;
        return ask(newer, claims);
      }
    },
    close: post.close,
  };
}

/** Times are taken from the answer itself: MSAL turns them into wall-clock dates, and a wall clock may jump. */
function lifetimeOf(body: Readonly<Record<string, unknown>>): number {
  return Number(body['expires_in']) * 1000;
}

/**
 * The authority is only a label: the endpoints are given, so that nothing is discovered, a token costs one request, and
 * a token endpoint on this machine can be plain http, which MSAL refuses as an authority.
 */
function makeApplication(
  { credential, tokenUrl, claimsChallenges }: AppTokenSourceOptions,
  proof: ProofInForce,
  { network }: TokenExchange,
): ConfidentialClientApplication {
  const { tenantId, clientId } = credential;
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
      ...proof.auth,
    },
    system: { networkClient: network, disableInternalRetries: true },
  });
}
