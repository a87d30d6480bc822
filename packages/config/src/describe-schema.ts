/* Writes docs/config.schema.json, the JSON Schema of the configuration file, from the table that the file is checked with. */
import { CONNECTION_ID } from '@sluice/core';
import {
  CONNECTION_MEMBERS,
  type Member,
  type Members,
  OUTCOME_CODE,
  OUTCOMES,
  OUTCOMES_MAX,
  TENANT_MEMBERS,
  TENANT_NAME,
  TENANTS_MAX,
} from './file-members.ts';

type Schema = Readonly<Record<string, unknown>>;

const CREDENTIALS = ['clientSecretFile', 'certificatePath', 'federatedTokenFile', 'managedIdentity'];

/** docs/config.schema.json. */
export function describeSchema(): string {
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Sluice: the configuration file (SLUICE_CONFIG)',
    ...closed({
      tenants: {
        description: 'By name. A credential and the connections it delivers to.',
        ...mapOf(TENANT_NAME, { $ref: '#/$defs/tenant' }, TENANTS_MAX),
      },
      defaults: { description: 'Settings of every connection that has none of its own.', $ref: '#/$defs/settings' },
      outcomes: {
        description:
          "What a code of Graph's in the result of one activity means here, letter case aside; beats Sluice's own table.",
        ...mapOf(OUTCOME_CODE, { enum: OUTCOMES }, OUTCOMES_MAX),
      },
    }),
    $defs: {
      tenant: tenantSchema(),
      connection: closed({
        graphId: {
          description: "Graph's id of the connection, if Sluice's is another.",
          type: 'string',
          pattern: CONNECTION_ID.source,
        },
        ...propertiesOf(CONNECTION_MEMBERS),
      }),
      settings: closed(propertiesOf(CONNECTION_MEMBERS)),
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function tenantSchema(): Schema {
  const connections = mapOf(CONNECTION_ID, { anyOf: [{ $ref: '#/$defs/connection' }, { type: 'null' }] });
  return {
    ...closed({
      ...propertiesOf(TENANT_MEMBERS),
      connections: {
        description:
          'By the name that callers use, unique over all tenants; * for every connection, with one tenant only.',
        anyOf: [{ ...connections, minProperties: 1 }, { const: '*' }],
      },
    }),
    oneOf: CREDENTIALS.map((name) => ({
      required: name === 'managedIdentity' ? [name] : ['tenantId', 'clientId', name],
    })),
  };
}

function propertiesOf(members: Members): Schema {
  return Object.fromEntries(Object.entries(members).map(([name, member]) => [name, schemaOf(member)]));
}

function schemaOf({ domain: { numbers, words }, rule, meaning }: Member): Schema {
  const choices: Schema[] = [];
  if (numbers !== null) {
    choices.push({ type: numbers.whole ? 'integer' : 'number', minimum: numbers.min, maximum: numbers.max });
  }
  if (words instanceof RegExp) choices.push({ type: 'string', pattern: words.source });
  else if (words !== null) choices.push({ enum: words });
  const [only, ...others] = choices;
  const value = others.length === 0 ? only : { anyOf: choices };
  return { description: `${meaning} It ${rule}.`, ...value };
}

function closed(properties: Schema): Schema {
  return { type: 'object', additionalProperties: false, properties };
}

function mapOf(name: RegExp, value: Schema, max?: number): Schema {
  return {
    type: 'object',
    additionalProperties: false,
    patternProperties: { [name.source]: value },
    ...(max === undefined ? {} : { maxProperties: max }),
  };
}
