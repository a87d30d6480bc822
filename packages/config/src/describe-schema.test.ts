import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { describeSchema } from './describe-schema.ts';
import { CONNECTION_MEMBERS, TENANT_MEMBERS } from './file-members.ts';
import { ConfigError, loadConfig } from './load-config.ts';

const GUID = '11111111-2222-3333-4444-555555555555';
const SCHEMA = JSON.parse(describeSchema());

test('docs/config.schema.json is what the table says (npm run docs -w @sluice/config writes it)', () => {
  const page = readFileSync(new URL('../../../docs/config.schema.json', import.meta.url), 'utf8');
  assert.equal(page, describeSchema());
});

// biome-ignore lint/suspicious/noExplicitAny: a schema is what it is.
type Schema = any;

/** As much of JSON Schema as ours uses. */
function accepts(schema: Schema, value: unknown): boolean {
  if (schema.$ref !== undefined) return accepts(SCHEMA.$defs[schema.$ref.split('/').at(-1)], value);
  const { type, anyOf, oneOf } = schema;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
  if (schema.const !== undefined && schema.const !== value) return false;
  if (anyOf !== undefined && !anyOf.some((one: Schema) => accepts(one, value))) return false;
  if (oneOf !== undefined && oneOf.filter((one: Schema) => accepts(one, value)).length !== 1) return false;
  if (type === 'null' && value !== null) return false;
  if (type === 'string' && !(typeof value === 'string' && new RegExp(schema.pattern).test(value))) return false;
  if (type === 'integer' && !Number.isInteger(value)) return false;
  if (type === 'number' && typeof value !== 'number') return false;
  if (typeof value === 'number' && !(value >= (schema.minimum ?? value) && value <= (schema.maximum ?? value)))
    return false;
  if (schema.required?.some((name: string) => !Object.hasOwn(Object(value), name))) return false;
  return type !== 'object' || (typeof value === 'object' && value !== null && acceptsMembers(schema, value));
}

function acceptsMembers(schema: Schema, value: object): boolean {
  const { properties = {}, patternProperties = {}, minProperties = 0 } = schema;
  const entries = Object.entries(value);
  if (entries.length < minProperties) return false;
  return entries.every(([name, member]) => {
    if (Object.hasOwn(properties, name)) return accepts(properties[name], member);
    const pattern = Object.keys(patternProperties).find((one) => new RegExp(one).test(name));
    return pattern !== undefined && accepts(patternProperties[pattern], member);
  });
}

function loads(file: unknown): boolean {
  try {
    loadConfig({ SLUICE_CONFIG: '/f' }, { readFile: () => stringify(file) });
    return true;
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return false;
  }
}

const TENANT = { tenantId: GUID, clientId: GUID, clientSecretFile: '/s' };

test('schema and start agree on what stands at each member', () => {
  const values = fc.oneof(
    fc.constantFrom<unknown>(
      'retry',
      'park',
      'none',
      'global',
      'usgov',
      'dod',
      'v1.0',
      'beta',
      GUID,
      'system',
      'hr1',
      'x',
      true,
      20,
      0,
    ),
    fc.integer({ min: -5, max: 100_000 }),
    fc.integer(),
    fc.integer({ min: 1, max: 9999 }).map((n) => n / 1000),
    fc.constantFrom(
      ...Object.values(CONNECTION_MEMBERS).flatMap(({ domain: { numbers } }) =>
        numbers ? [numbers.min, numbers.max, numbers.max + 1] : [],
      ),
    ),
  );
  const connectionMember = fc.constantFrom(...Object.keys(CONNECTION_MEMBERS), 'graphId', 'lingerms');
  // Two more rules join several members, and two words of addresses are checked more closely than a pattern can.
  const alone = (name: string) => !['callTimeoutMs', 'leaseMs', 'retryBaseMs', 'retryCapMs'].includes(name);
  fc.assert(
    fc.property(connectionMember.filter(alone), values, (name, value) => {
      const file = { tenants: { contoso: { ...TENANT, connections: { hr1: { [name]: value } } } } };
      assert.equal(accepts(SCHEMA, file), loads(file), stringify(file));
      if (name === 'graphId') return;
      const defaults = { defaults: { [name]: value } };
      assert.equal(accepts(SCHEMA, defaults), loads(defaults), stringify(defaults));
    }),
    { numRuns: 3000 },
  );
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(TENANT_MEMBERS), 'name'), values, (name, value) => {
      const file = { tenants: { contoso: { ...TENANT, [name]: value } } };
      assert.equal(accepts(SCHEMA, file), loads(file), stringify(file));
    }),
    { numRuns: 1000 },
  );
});

test('schema and start agree on the shapes around them', () => {
  for (const file of [
    {},
    { tenants: {} },
    { tenants: { contoso: TENANT } },
    { tenants: { contoso: { ...TENANT, connections: '*' } } },
    { tenants: { contoso: { ...TENANT, connections: {} } } },
    { tenants: { contoso: { ...TENANT, connections: [] } } },
    { tenants: { contoso: { ...TENANT, connections: { hr1: null, hr2: {} } } } },
    { tenants: { contoso: { ...TENANT, connections: { hr: {} } } } },
    { tenants: { '-x': TENANT } },
    { tenants: { contoso: { ...TENANT, certificatePath: '/c' } } },
    { tenants: { contoso: { managedIdentity: 'system' } } },
    { tenants: { contoso: { tenantId: GUID, clientId: GUID } } },
    { tenants: { contoso: { clientSecretFile: '/s' } } },
    { outcomes: { a: 'retry', b: 'drop' } },
    { outcomes: { a: 'retry', b: 'hold', c: 'dead' } },
    { more: 1 },
  ]) {
    assert.equal(accepts(SCHEMA, file), loads(file), stringify(file));
  }
});
