/* An issuer of one test: keys that change, tokens that say what the test wants, and a count of who asked for the keys. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export const TENANT = '5106ce00-0000-4000-8000-0000000000a1';
export const AUDIENCE = 'api://sluice';
export const ISSUER = `https://login.microsoftonline.com/${TENANT}/v2.0`;
export const NOW_S = 1_800_000_000;

export interface Issuer {
  readonly url: string;
  /** How often the keys were asked for. */
  fetches: number;
  /** What is answered instead of the keys. */
  broken: { readonly status: number; readonly body: string } | null;
  /** A further key that is published, or one that is not. */
  addKey(kid: string, published?: boolean): void;
  removeKey(kid: string): void;
  token(claims?: Record<string, unknown>, header?: Record<string, unknown>): string;
}

export const CLAIMS = {
  aud: AUDIENCE,
  iss: ISSUER,
  tid: TENANT,
  iat: NOW_S - 10,
  nbf: NOW_S - 10,
  exp: NOW_S + 3600,
  azp: 'app-1',
  roles: ['Sluice.Ingest'],
};

export async function startIssuer(t: TestContext): Promise<Issuer> {
  const keys = new Map<string, { readonly privateKey: KeyObject; readonly jwk: object; readonly published: boolean }>();
  const server = createServer((_request, response) => {
    issuer.fetches += 1;
    const published = [...keys]
      .filter(([, key]) => key.published)
      .map(([kid, { jwk }]) => ({ ...jwk, kid, use: 'sig' }));
    response.writeHead(issuer.broken?.status ?? 200, { 'content-type': 'application/json' });
    response.end(issuer.broken?.body ?? JSON.stringify({ keys: published }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  const issuer: Issuer = {
    url: `http://127.0.0.1:${port}/keys`,
    fetches: 0,
    broken: null,
    addKey: (kid, published = true) => {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      keys.set(kid, { privateKey, jwk: publicKey.export({ format: 'jwk' }), published });
    },
    removeKey: (kid) => keys.delete(kid),
    token: (claims = {}, header = {}) => {
      const head = { alg: 'RS256', typ: 'JWT', kid: 'k1', ...header };
      const signed = `${encode(head)}.${encode({ ...CLAIMS, ...claims })}`;
      return `${signed}.${signatureOf(head, signed).toString('base64url')}`;
    },
  };
  function signatureOf({ alg, kid }: { alg: string; kid: string }, text: string): Buffer {
    const key = keys.get(kid) ?? keys.values().next().value!;
    if (alg === 'none') return Buffer.alloc(0);
    // Whoever takes the public key for a secret would believe this.
    if (alg === 'HS256') return createHmac('sha256', JSON.stringify(key.jwk)).update(text).digest();
    return sign(alg === 'RS512' ? 'sha512' : 'sha256', Buffer.from(text), key.privateKey);
  }
  issuer.addKey('k1');
  return issuer;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
