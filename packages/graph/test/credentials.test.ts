/* Every way for an application to prove who it is, against a token endpoint on this machine; and what happens when its file changes. */
import assert from 'node:assert/strict';
import { constants, verify } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type MadeCertificate, makeCertificate, makeEntries } from '@sluice/testing';
import { createGraphSender, type GraphCall } from '../src/index.ts';
import { openAppTokenSource } from '../src/tokens/app-token-source.ts';
import type { Proof } from '../src/tokens/credential.ts';
import { TokenError, type TokenSource } from '../src/tokens/token-source.ts';
import { httpAnswer, startRawServer } from './raw-server.ts';
import { giveToken, refuse, startTokenServer, type TokenAnswer, type TokenServer } from './token-server.ts';

const TENANT = '8f0d2c2e-0f8b-4f0e-9a39-3b1f0a7f9c11';
const CLIENT = '1f0c997e-99f7-43f1-8cca-086f8d42be8d';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const [ONE, OTHER] = [makeCertificate('one'), makeCertificate('other')];

interface Bench {
  readonly server: TokenServer;
  readonly source: TokenSource;
  /** Replaces the file in one step, as Kubernetes and careful people do. */
  rotate(text: string): Promise<void>;
  readonly path: string;
}

async function fileOf(t: TestContext, text: string): Promise<{ path: string; rotate: Bench['rotate'] }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-credential-'));
  t.after(() => rm(folder, { recursive: true }));
  const path = join(folder, 'credential');
  const rotate = async (next: string) => {
    await writeFile(`${path}.next`, next);
    await rename(`${path}.next`, path);
  };
  await rotate(text);
  return { path, rotate };
}

async function setUp(t: TestContext, kind: 'secret-file' | 'certificate-file' | 'assertion-file', text: string) {
  const server = await startTokenServer(t);
  const file = await fileOf(t, text);
  const source = openAppTokenSource({
    credential: { kind: 'app', tenantId: TENANT, clientId: CLIENT, proof: { kind, path: file.path } },
    tokenUrl: new URL(server.url),
    scope: 'https://graph.microsoft.com/.default',
    claimsChallenges: false,
    proxy: null,
    clock: () => performance.now(),
    wallClock: Date.now,
  });
  t.after(() => source.close());
  return { server, source, ...file } satisfies Bench;
}

async function failureOf(source: TokenSource): Promise<TokenError> {
  const thrown = await source.acquire({ claims: null }).then(
    () => null,
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof TokenError, String(thrown));
  return thrown;
}

function readAssertion(form: URLSearchParams | undefined) {
  assert.equal(form?.get('client_assertion_type'), ASSERTION_TYPE);
  const [head = '', body = '', signature = ''] = (form?.get('client_assertion') ?? '').split('.');
  const part = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  return {
    head: part(head),
    body: part(body),
    signed: `${head}.${body}`,
    signature: Buffer.from(signature, 'base64url'),
  };
}

function assertSignedBy({ publicKey, thumbprint, base64 }: MadeCertificate, form: URLSearchParams | undefined): void {
  const { head, signed, signature } = readAssertion(form);
  assert.deepEqual([head.alg, head['x5t#S256'], head.x5t], ['PS256', thumbprint, undefined]);
  assert.equal([head.x5c].flat()[0].replace(/\s/g, ''), base64);
  const key = { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  assert.ok(verify('sha256', Buffer.from(signed), key, signature), 'the signature is of its key');
}

test('a certificate signs an assertion with its SHA-256 thumbprint and its chain, for this endpoint', async (t) => {
  const { server, source } = await setUp(t, 'certificate-file', ONE.pem);
  assert.equal((await source.acquire({ claims: null })).value, 'token-1');
  assertSignedBy(ONE, server.forms[0]);
  const { body } = readAssertion(server.forms[0]);
  assert.deepEqual([body.iss, body.sub, body.aud], [CLIENT, CLIENT, server.url]);
  assert.equal(server.forms[0]?.get('client_secret'), null);
});

test('of several certificates the one of the private key signs, wherever it stands, and the others follow it', async (t) => {
  const { server, source } = await setUp(
    t,
    'certificate-file',
    `# from the authority\n${OTHER.certificatePem}\r\n${ONE.privateKeyPem}${ONE.certificatePem}`,
  );
  await source.acquire({ claims: null });
  assertSignedBy(ONE, server.forms[0]);
  assert.deepEqual(readAssertion(server.forms[0]).head.x5c.length, 2);
});

test('a federated token is sent as it is, and read anew at each request', async (t) => {
  const { server, source, rotate } = await setUp(t, 'assertion-file', 'first.federated.token\n');
  await source.acquire({ claims: null });
  await rotate('second.federated.token');
  await source.acquire({ claims: null });
  assert.deepEqual(
    server.forms.map((form) => [form.get('client_assertion'), form.get('client_assertion_type')]),
    [
      ['first.federated.token', ASSERTION_TYPE],
      ['second.federated.token', ASSERTION_TYPE],
    ],
  );
});

test('a rotated secret and a rotated certificate are used at the next request', async (t) => {
  const secret = await setUp(t, 'secret-file', 'old secret\n');
  await secret.source.acquire({ claims: null });
  await secret.rotate('new secret\n');
  await secret.source.acquire({ claims: null });
  assert.deepEqual(
    secret.server.forms.map((form) => form.get('client_secret')),
    ['old secret', 'new secret'],
  );
  const certificate = await setUp(t, 'certificate-file', ONE.pem);
  await certificate.source.acquire({ claims: null });
  await certificate.rotate(OTHER.pem);
  await certificate.source.acquire({ claims: null });
  assertSignedBy(ONE, certificate.server.forms[0]);
  assertSignedBy(OTHER, certificate.server.forms[1]);
});

/** Refuses what it does not know; what it sees before is the moment of a rotation. */
const knowing =
  (good: string, meanwhile: () => Promise<void>): TokenAnswer =>
  (response, form, nth) => {
    const known = form.get('client_secret') === good;
    const answer = known ? giveToken() : refuse(401, { error: 'invalid_client', error_description: 'AADSTS7000222' });
    void meanwhile().then(() => answer(response, form, nth));
  };

test('a secret that is refused while it is replaced is tried once more with the new one, and no more', async (t) => {
  const { server, source, rotate } = await setUp(t, 'secret-file', 'old');
  server.answerWith(knowing('new', () => rotate('new')));
  assert.equal((await source.acquire({ claims: '{"a":1}' })).value, 'token-2');
  assert.deepEqual(
    server.forms.map((form) => [form.get('client_secret'), form.has('claims')]),
    [
      ['old', true],
      ['new', true],
    ],
  );
  let turn = 0;
  server.answerWith(knowing('never', () => rotate(`secret ${++turn}`)));
  assert.equal((await failureOf(source)).code, 'credential');
  assert.equal(server.forms.length, 4, 'refused, tried with the newer one, given up');
  server.answerWith(knowing('never', async () => undefined));
  await failureOf(source);
  assert.equal(server.forms.length, 5, 'an unchanged file is no reason to ask again');
  server.answerWith((response, form, nth) => {
    void rotate(`secret ${++turn}`).then(() => refuse(503, '')(response, form, nth));
  });
  assert.equal((await failureOf(source)).code, 'token');
  assert.equal(server.forms.length, 6, 'a busy provider is not asked twice');
});

test('while its file is away, empty or half written, what was last read stands in', async (t) => {
  const { server, source, path, rotate } = await setUp(t, 'certificate-file', ONE.pem);
  await source.acquire({ claims: null });
  for (const broken of [
    ONE.pem.slice(0, 900),
    '',
    OTHER.certificatePem,
    `${OTHER.certificatePem}${ONE.privateKeyPem}`,
  ]) {
    await rotate(broken);
    await source.acquire({ claims: null });
    assertSignedBy(ONE, server.forms.at(-1));
  }
  await rm(path);
  await source.acquire({ claims: null });
  assertSignedBy(ONE, server.forms.at(-1));
  await rotate(OTHER.pem);
  await source.acquire({ claims: null });
  assertSignedBy(OTHER, server.forms.at(-1));
});

test('a file from which nothing usable was ever read is a credential to mend, named with the reason, and nothing is asked', async (t) => {
  const { server, source, path, rotate } = await setUp(t, 'certificate-file', '');
  for (const [text, reason] of [
    ['', /the file is empty/],
    [ONE.certificatePem, /holds no private key/],
    [ONE.privateKeyPem, /holds no certificate/],
    [ONE.privateKeyPem + OTHER.certificatePem, /belongs to none/],
    [
      `${ONE.certificatePem}-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----`,
      /encrypted/,
    ],
    [ONE.pem.repeat(11), /more than 10 certificates/],
    ['x'.repeat(70_000), /larger than 64 KiB/],
  ] as const) {
    await rotate(text);
    const { code, message } = await failureOf(source);
    assert.equal(code, 'credential');
    assert.match(message, reason);
    assert.ok(message.startsWith(path));
  }
  await rm(path);
  assert.match((await failureOf(source)).message, /cannot be read \(ENOENT\)/);
  assert.equal(server.forms.length, 0);
});

test('no assertion and no secret from a file appears in a message', async (t) => {
  for (const [kind, text] of [
    ['secret-file', 'canary-secret'],
    ['assertion-file', 'canary.federated.token'],
    ['certificate-file', ONE.pem],
  ] as const) {
    const { server, source } = await setUp(t, kind, text);
    let sent = '';
    server.answerWith((response, form, nth) => {
      sent = form.get('client_secret') ?? form.get('client_assertion') ?? '';
      refuse(400, { error: 'invalid_request', error_description: `you sent ${sent}!` })(response, form, nth);
    });
    const { message } = await failureOf(source);
    assert.ok(sent !== '' && !message.includes(sent.slice(0, 40)), message);
    assert.match(message, /you sent \[secret\]/);
  }
});

const CALL: GraphCall = { connectionId: 'hr1', itemId: 'a1', entries: makeEntries(1), clientRequestId: 'lease-guid' };
const TEXTS = { 'secret-file': 's', 'certificate-file': ONE.pem, 'assertion-file': 'a.b.c' } as const;

for (const kind of ['secret', 'secret-file', 'certificate-file', 'assertion-file'] as const) {
  test(`with a ${kind} calls that begin together ask once, and a good token is not withheld while the provider is away`, async (t) => {
    const graph = await startRawServer(t, (socket) => socket.write(httpAnswer(200, { value: [] })));
    const tokens = await startTokenServer(t);
    const proof: Proof =
      kind === 'secret' ? { kind, secret: 's' } : { kind, path: (await fileOf(t, TEXTS[kind])).path };
    let nowMs = 0;
    const sender = createGraphSender({
      graph: {
        credential: { kind: 'app', tenantId: TENANT, clientId: CLIENT, proof },
        cloud: 'global',
        version: 'v1.0',
        baseUrl: graph.url,
        tokenUrl: tokens.url,
      },
      callTimeoutMs: 20_000,
      chance: () => 0,
      clock: () => nowMs,
    });
    t.after(() => sender.close());
    const statuses = async () => {
      const replies = await Promise.all(Array.from({ length: 20 }, () => sender.send(CALL)));
      return new Set(replies.map((reply) => (reply.kind === 'answered' ? reply.status : reply.code)));
    };
    assert.deepEqual(await statuses(), new Set([200]));
    assert.equal(tokens.forms.length, 1);
    tokens.answerWith(refuse(503, '<html>'));
    nowMs = 3_500_000;
    assert.deepEqual(await statuses(), new Set([200]));
    nowMs = 3_600_000;
    assert.deepEqual(await statuses(), new Set(['token']));
  });
}
