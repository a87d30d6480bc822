/* Who asks, by key or by token, from the configuration. Without either everybody is anybody, and the log says so. */
import type { AccessConfig } from '@sluice/config';
import { type Access, ANYBODY, type Identified, type Presented } from '@sluice/core';
import { type AccessLogger, openKeyFile } from './key-file.ts';
import type { KeyRing } from './key-ring.ts';
import { keepTokenKeys } from './token-keys.ts';
import { explainToken, looksLikeToken, type VerifyToken, verifyTokens } from './verify-token.ts';

export interface OpenAccessParts {
  readonly config: AccessConfig;
  /** Whether others than this machine reach the service. */
  readonly reachable: boolean;
  readonly logger: AccessLogger;
  /** Milliseconds, never going back. */
  readonly clock?: () => number;
  /** Seconds since 1970. */
  readonly nowS?: () => number;
  readonly fetch?: typeof fetch;
  /** How often the file of keys is looked at. */
  readonly lookEveryMs?: number;
}

/** For those who need no key. */
export const OPEN_ACCESS: Access = {
  required: false,
  identify: () => ({ ok: true, caller: ANYBODY }),
  callerOfKey: () => null,
  describe: () => 'no keys are set: only this machine may ask, and everybody on it may do everything',
  close: () => {},
};

const ANONYMOUS_ACCESS: Access = {
  ...OPEN_ACCESS,
  describe: () => 'no keys are set (SLUICE_ALLOW_ANONYMOUS): everybody who reaches this service may do everything',
};

const MISSING = 'Send an API key (Authorization: Bearer <key>, or X-Api-Key) or an Entra token for this Sluice.';
const UNKNOWN = 'This is not a key that is in force here; it may have been revoked.';

export async function openAccess(parts: OpenAccessParts): Promise<Access> {
  const { config, logger } = parts;
  const { keysFile, tokens } = config;
  if (keysFile === null && tokens === null) return parts.reachable ? ANONYMOUS_ACCESS : OPEN_ACCESS;
  const keys = keysFile === null ? null : await openKeyFile(keysFile, logger, parts.lookEveryMs);
  const ring = keys?.ring ?? null;
  const verify = openTokens(parts);
  return {
    required: true,
    identify: (presented) => identifyWith(presented, { ring, verify, audience: tokens?.audience ?? null }),
    callerOfKey: (keyId) => keys?.ring().callerOf(keyId) ?? null,
    describe: () => {
      const ofKeys = keys === null ? [] : [`${keys.ring().size} keys of ${keysFile}`];
      const ofTokens = tokens === null ? [] : [`tokens of tenant ${tokens.tenantId} for ${tokens.audience}`];
      return [...ofKeys, ...ofTokens].join(' and ');
    },
    close: () => keys?.close(),
  };
}

function openTokens({ config, logger, clock, nowS, fetch }: OpenAccessParts): VerifyToken | null {
  if (config.tokens === null) return null;
  const keys = keepTokenKeys({
    url: config.tokens.keysUrl,
    logger,
    clock: clock ?? (() => performance.now()),
    ...(fetch !== undefined && { fetch }),
  });
  return verifyTokens({ rules: config.tokens, keys, nowS: nowS ?? (() => Date.now() / 1000) });
}

interface Sources {
  readonly ring: (() => KeyRing) | null;
  readonly verify: VerifyToken | null;
  readonly audience: string | null;
}

export function identifyWith({ apiKey, bearer }: Presented, sources: Sources): Identified | Promise<Identified> {
  const given = apiKey ?? bearer;
  if (given === null || given === '') return refuse('credentials_missing', MISSING);
  if (looksLikeToken(given)) {
    if (sources.verify !== null) return sources.verify(given);
    return refuse(
      'token_not_accepted',
      'Tokens are not taken here, whoever made them; send an API key of this Sluice.',
    );
  }
  const caller = sources.ring?.().find(given) ?? null;
  if (caller !== null) return { ok: true, caller };
  const detail =
    sources.ring === null
      ? `Keys are not taken here. ${explainToken('token_invalid', sources.audience ?? '')}`
      : UNKNOWN;
  return refuse('credentials_invalid', detail);
}

function refuse(code: string, detail: string): Identified {
  return { ok: false, refusal: { status: 401, code, detail } };
}
