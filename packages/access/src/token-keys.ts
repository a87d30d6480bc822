/*
  The public keys that tokens are signed with, fetched from Entra and kept. They change at any time, so a token that names a
  key we do not have makes us look again, but never more often than once a minute, whoever asks. While the endpoint is
  away the last good set stays in force.
*/
import { type CryptoKey, createLocalJWKSet, type JSONWebKeySet, type JWSHeaderParameters } from 'jose';
import type { AccessLogger } from './key-file.ts';

export interface TokenKeysSettings {
  readonly url: string;
  readonly logger: AccessLogger;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
  readonly fetch?: typeof fetch;
}

export interface TokenKeys {
  /** `unknown`: no key of this name, and it is too early to look again. `unavailable`: there are no keys at all. */
  keyOf(header: JWSHeaderParameters): Promise<CryptoKey | 'unknown' | 'unavailable'>;
}

const FETCH_EVERY_MS = 60_000;
/** While there is nothing to fall back on, callers wait; so sooner, but not at every request. */
const FIRST_FETCH_EVERY_MS = 5000;
/** Keys that were withdrawn should not stay good for days. */
const OLD_AFTER_MS = 3_600_000;
const ANSWER_MS_MAX = 5000;
const ANSWER_BYTES_MAX = 262_144;

type FindKey = ReturnType<typeof createLocalJWKSet>;

export function keepTokenKeys({ url, logger, clock, fetch: ask = fetch }: TokenKeysSettings): TokenKeys {
  let find: FindKey | null = null;
  let fetchedAtMs = Number.NEGATIVE_INFINITY;
  let triedAtMs = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | null = null;

  async function fetchSet(): Promise<void> {
    triedAtMs = clock();
    try {
      // A redirect would let somebody else say whose signatures are good.
      const response = await ask(url, { redirect: 'error', signal: AbortSignal.timeout(ANSWER_MS_MAX) });
      if (!response.ok) throw new Error(`it answered ${response.status}`);
      find = createLocalJWKSet(parseSet(await readBounded(response)));
      fetchedAtMs = clock();
    } catch (error) {
      const text = find === null ? 'no token can be verified' : 'the keys fetched before stay in force';
      logger.warn({ err: error, url }, `the keys of tokens cannot be fetched: ${text}`);
    }
  }

  /** Once for all who ask meanwhile, and not too soon after the last time. */
  async function lookAgain(): Promise<void> {
    const everyMs = find === null ? FIRST_FETCH_EVERY_MS : FETCH_EVERY_MS;
    if (fetching === null && clock() - triedAtMs < everyMs) return;
    fetching ??= fetchSet().finally(() => {
      fetching = null;
    });
    await fetching;
  }

  async function lookUp(header: JWSHeaderParameters): Promise<CryptoKey | null> {
    try {
      return find === null ? null : ((await find(header)) as CryptoKey);
    } catch {
      return null;
    }
  }

  return {
    keyOf: async (header) => {
      // Old keys are good until newer ones have come; nobody waits for them.
      if (find !== null && clock() - fetchedAtMs > OLD_AFTER_MS) void lookAgain();
      const known = await lookUp(header);
      if (known !== null) return known;
      await lookAgain();
      return (await lookUp(header)) ?? (find === null ? 'unavailable' : 'unknown');
    },
  };
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`its answer is larger than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Signing keys alone; one of another kind in the set is passed over and does not spoil it. */
function parseSet(text: string): JSONWebKeySet {
  const set: unknown = JSON.parse(text);
  const keys = typeof set === 'object' && set !== null && 'keys' in set ? set.keys : null;
  if (!Array.isArray(keys)) throw new Error('its answer is not a JSON Web Key Set');
  const usable = keys.filter((key: unknown) => isObject(key) && key['kty'] === 'RSA' && typeof key['kid'] === 'string');
  if (usable.length === 0) throw new Error('its answer holds no RSA key');
  return { keys: usable as JSONWebKeySet['keys'] };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
