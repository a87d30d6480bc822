import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '@sluice/config';
import type { GraphCheckup, GraphLook, TokenLook } from '@sluice/core';
import { findExpiry, findRoot, findToken } from './check-credential.ts';
import type { Finding } from './finding.ts';

const TENANT_ID = '11111111-aaaa-4333-8444-cccccccccccc';
const [TENANT] = loadConfig({
  GRAPH_TENANT_ID: TENANT_ID,
  GRAPH_CLIENT_ID: TENANT_ID,
  GRAPH_CLIENT_SECRET: 'secret',
}).config.tenants;
const CHECKUP = { tokenUrl: 'https://login.example/token', graphRoot: 'https://graph.example' } as GraphCheckup;
const DAY_MS = 86_400_000;
const shown = (findings: readonly Finding[]) => findings.map(({ state, text }) => `${state} ${text}`);

test('the end of a credential: told from two weeks before on, and after it', () => {
  const nowMs = Date.UTC(2026, 0, 1);
  const told = (leftMs: number | null) => {
    const { state, text } = findExpiry(TENANT!, leftMs === null ? null : nowMs + leftMs, nowMs);
    return `${state} ${text}`;
  };
  assert.match(told(null), /^ok .*When it ends is not known: set GRAPH_CLIENT_SECRET_EXPIRES/);
  assert.match(told(14 * DAY_MS), /^ok .*which ends on 2026-01-15\.$/);
  assert.match(told(14 * DAY_MS - 1), /^warn .*ends on 2026-01-14, in 13 days\.$/);
  assert.match(told(1), /^warn /);
  assert.match(told(0), /^fail The client secret .* ended on 2026-01-01\.$/);
});

test('a token: whose it is, and whether its roles let it send activities', () => {
  const claims = { tenantId: TENANT_ID, appId: 'app', appName: 'Sluice', objectId: null };
  const look = (roles: readonly string[], parts: Partial<typeof claims> = {}) =>
    shown(
      findToken(TENANT!, CHECKUP, {
        kind: 'token',
        claims: { ...claims, roles, ...parts },
        lifetimeMs: 3_600_000,
        clock: null,
      } as unknown as TokenLook),
    );
  const [given, roles] = look(['ExternalItem.ReadWrite.OwnedBy', 'User.Read.All']);
  assert.match(given!, /^ok .*application app \(Sluice\) of tenant 1111.*, good for 60 minutes\.$/);
  assert.equal(roles, 'ok It may send activities: ExternalItem.ReadWrite.OwnedBy.');
  assert.match(look(['ExternalItem.ReadWrite.All']).at(-1)!, /^ok /);
  assert.match(look([]).at(-1)!, /^fail .*its roles are none\.$/);
  assert.match(look(['ExternalItem.Read.All']).at(-1)!, /^fail .*its roles are ExternalItem\.Read\.All\.$/);
  const roleless = ['ExternalItem.ReadWrite.All'];
  assert.equal(look(roleless, { tenantId: TENANT_ID.toUpperCase() }).length, 2, 'an id in another spelling');
  assert.match(look(roleless, { tenantId: 'other' })[1]!, /^fail The token is of tenant other/);
});

test('no token: a refusal has the advice for its number, what did not come through that for the network', () => {
  const look = (code: string, message: string) => {
    const [found] = findToken(TENANT!, CHECKUP, { kind: 'none', code, message, clock: null } as TokenLook);
    assert.equal(found!.state, 'fail');
    return found!.remedy!;
  };
  assert.match(look('credential', 'AADSTS7000222: expired'), /^The secret has expired/);
  assert.match(look('credential', 'AADSTS7000215: wrong'), /^The secret is wrong/);
  assert.match(look('credential', 'something else'), /^Compare GRAPH_TENANT_ID/);
  assert.match(look('unavailable', 'token request: dns: not found'), /^login\.example: its name is not found/);
  assert.match(look('unavailable', '503'), /It may pass/);
});

test('what Graph answers to a question that delivers nothing: taken, refused, busy, or not Graph', () => {
  const look = (status: number) => {
    const answer = { kind: 'answered', status, code: '', message: '', requestId: 'r1', durationMs: 5, clock: null };
    return shown(findRoot(TENANT!, CHECKUP, answer as unknown as GraphLook))[0]!;
  };
  for (const status of [200, 403, 404]) assert.match(look(status), /^ok Graph answers at https:\/\/graph\.example/);
  assert.match(look(401), /^fail Graph at https:\/\/graph\.example refuses the token: 401 \(request-id r1\)/);
  for (const status of [302, 407]) assert.match(look(status), /^fail Something before Graph answers/);
  for (const status of [429, 500, 503]) assert.match(look(status), /^warn .*busy or unwell/);
  const failed = { kind: 'failed', code: 'refused', message: 'ECONNREFUSED' } as GraphLook;
  assert.match(shown(findRoot(TENANT!, CHECKUP, failed))[0]!, /^fail .* cannot be reached: refused: ECONNREFUSED\.$/);
});
