/*
  The intake as an OpenAPI 3.1 document. What a body may be comes from core's schemas, which a property test holds to the
  checks themselves; paths and answers are written here, and a test holds them to the routes and to real answers.
*/
import { activityListSchema, activitySchema, type BodyRules, type JsonSchema, performerSchema } from '@sluice/core';
import { LINE_TYPES, PROBLEM_TYPE } from '@sluice/http';
import { ANSWER_SCHEMAS } from './answer-schemas.ts';
import { EXAMPLE, EXAMPLE_BULK, PARAMETERS } from './parameters.ts';

export interface ApiRules extends BodyRules {
  readonly bodyBytesMax: number;
}

const JSON_TYPE = 'application/json';
const REQUESTS_OF_GRAPH = ['addActivities', 'microsoft.graph.externalConnectors.addActivities'];

/** Of the API, not of the program: it changes when a path, a body or an answer does. */
const VERSION = '1.0.0';

export function describeApi(rules: ApiRules): JsonSchema {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Sluice intake',
      version: VERSION,
      description:
        'Takes activities (who viewed, modified, created or commented which item, and when), stores them, and delivers them to Microsoft Graph. ' +
        'Only 202 and 207 (and 200 on the path of Graph) promise anything: stored, as safely as `Sluice-Durability` says. ' +
        'After any other answer, or none, send again with the same ids or the same `Idempotency-Key`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'This intake.' }],
    security: [{}, { bearer: [] }, { apiKey: [] }],
    tags: [
      { name: 'activities', description: 'Post and follow activities.' },
      { name: 'drop-in', description: 'The path of Microsoft Graph, for clients that send to Graph already.' },
      { name: 'operation', description: 'Health, metrics and this description.' },
    ],
    paths: { ...activityPaths(rules), ...graphPaths(), ...receiptPaths(), ...operationPaths() },
    components: {
      schemas: { ...bodySchemas(rules), ...ANSWER_SCHEMAS },
      parameters: PARAMETERS,
      headers: HEADERS,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key, or an access token of Entra.' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      },
    },
  };
}

const HEADERS: JsonSchema = {
  'Sluice-Durability': {
    description: 'How safely it is stored: unknown, memory, fsync-1s, fsync or replicated; read from Redis.',
    schema: { type: 'string' },
  },
  Location: { description: 'The receipt.', schema: { type: 'string' } },
  'Retry-After': { description: 'Seconds to wait at least.', schema: { type: 'integer' } },
};

function bodySchemas(rules: ApiRules): Readonly<Record<string, JsonSchema>> {
  const performer = ref('Performer');
  return {
    Performer: performerSchema(rules),
    Activity: activitySchema({ ...rules, itemId: 'absent' }, performer),
    ActivityOnItem: activitySchema({ ...rules, itemId: 'required' }, performer),
    ItemBody: { anyOf: [ref('Activity'), ref('ActivityList')] },
    ActivityList: activityListSchema(rules, ref('Activity')),
    BulkBody: activityListSchema(rules, ref('ActivityOnItem')),
  };
}

function activityPaths({ bodyBytesMax }: ApiRules): JsonSchema {
  const parameters = [parameter('idempotencyKey'), parameter('requestId'), parameter('traceparent')];
  const size = `At most ${bodyBytesMax} bytes, decoded; \`Content-Encoding: gzip\` is taken.`;
  return {
    '/v1/connections/{connectionId}/items/{itemId}/activities': {
      parameters: [parameter('connectionId'), parameter('itemId')],
      post: {
        operationId: 'postItemActivities',
        tags: ['activities'],
        summary: 'Post activities on one item',
        description: size,
        parameters,
        requestBody: { required: true, content: { [JSON_TYPE]: { schema: ref('ItemBody'), example: EXAMPLE } } },
        responses: { ...stored('Stored'), ...problems(TAKING) },
      },
    },
    '/v1/connections/{connectionId}/activities': {
      parameters: [parameter('connectionId')],
      post: {
        operationId: 'postActivities',
        tags: ['activities'],
        summary: 'Post activities on many items, as a list or as a stream of lines',
        description: `A list: ${size} A stream of any length with one activity a line; a bad line costs only itself.`,
        parameters,
        requestBody: {
          required: true,
          content: {
            [JSON_TYPE]: { schema: ref('BulkBody'), example: EXAMPLE_BULK },
            ...Object.fromEntries(LINE_TYPES.map((type) => [type, { schema: LINES, example: LINE_EXAMPLE }])),
          },
        },
        responses: { ...stored('Stored', 'StoredLines'), ...problems(TAKING) },
      },
    },
  };
}

const LINE_EXAMPLE = EXAMPLE_BULK.activities.map((activity) => `${JSON.stringify(activity)}\n`).join('');
const LINES: JsonSchema = { type: 'string', description: 'One ActivityOnItem a line.' };
const TAKING = [400, 401, 403, 404, 408, 409, 413, 415, 422, 429, 503];

function graphPaths(): JsonSchema {
  const json = (name: string) => ({ content: { [JSON_TYPE]: { schema: ref(name) } } });
  const paths = REQUESTS_OF_GRAPH.map((action, at) => [
    `/{version}/external/connections/{connectionId}/items/{itemId}/${action}`,
    {
      parameters: [parameter('version'), parameter('connectionId'), parameter('itemId')],
      post: {
        operationId: at === 0 ? 'addActivities' : 'addActivitiesQualified',
        tags: ['drop-in'],
        summary: 'What a client of Microsoft Graph sends, answered in Graph’s shape; success means stored',
        parameters: [parameter('idempotencyKey'), parameter('preferWait')],
        requestBody: {
          required: true,
          content: { [JSON_TYPE]: { schema: ref('ActivityList'), example: { activities: [EXAMPLE] } } },
        },
        responses: {
          200: { description: 'All are stored.', ...storedHeaders(), ...json('GraphResults') },
          202: {
            description: 'Waited for, and not final in time: all that are not refused are stored.',
            ...storedHeaders(),
            ...json('GraphResults'),
          },
          207: {
            description: 'Some were invalid; the others are stored.',
            ...storedHeaders(),
            ...json('GraphResults'),
          },
          ...Object.fromEntries(
            [...TAKING, 501].map((status) => [status, { description: PROBLEM_WORDS[status], ...json('GraphError') }]),
          ),
        },
      },
    },
  ]);
  return Object.fromEntries(paths);
}

function receiptPaths(): JsonSchema {
  return {
    '/v1/receipts': {
      get: {
        operationId: 'findReceipt',
        tags: ['activities'],
        summary: 'The receipt of a request whose answer was lost, by its Idempotency-Key',
        parameters: [parameter('receiptKey'), parameter('receiptPath')],
        responses: {
          200: { description: 'The receipt.', content: { [JSON_TYPE]: { schema: ref('Receipt') } } },
          ...problems([400, 401, 403, 404, 503]),
        },
      },
    },
    '/v1/receipts/{receiptId}': {
      parameters: [parameter('receiptId')],
      get: {
        operationId: 'getReceipt',
        tags: ['activities'],
        summary: 'Where the activities of a request are, and why they wait',
        responses: {
          200: { description: 'The receipt.', content: { [JSON_TYPE]: { schema: ref('Receipt') } } },
          ...problems([401, 403, 404, 503]),
        },
      },
    },
  };
}

function operationPaths(): JsonSchema {
  const get = (operationId: string, summary: string, content: string, more: readonly number[] = []) => ({
    get: {
      operationId,
      tags: ['operation'],
      summary,
      responses: { 200: { description: summary, content: { [content]: {} } }, ...problems(more) },
    },
  });
  return {
    '/health/live': get('getLive', 'The process answers', JSON_TYPE),
    '/health/ready': get('getReady', 'Activities can be taken', JSON_TYPE, [503]),
    '/metrics': get('getMetrics', 'Prometheus', 'text/plain', [401, 403]),
    '/openapi.json': get('getOpenApi', 'This document', JSON_TYPE, [401, 403]),
    '/docs': get('getDocs', 'A page to try it', 'text/html', [401, 403]),
  };
}

const PROBLEM_WORDS: Readonly<Record<number, string>> = {
  400: 'Nothing was valid, or nothing was there; nothing is stored. `rejected` says why, one by one.',
  401: 'There is no key, or none that is known.',
  403: 'The key may not do that there.',
  404: 'There is no such connection or receipt.',
  408: 'The request took too long to arrive.',
  409: 'The request with this Idempotency-Key is being stored.',
  413: 'Too large, or too many activities.',
  415: 'Not a type, charset or encoding that is taken.',
  422: 'The Idempotency-Key was used for another body.',
  429: 'The quota of the caller is used up; nothing is stored.',
  501: 'Nothing else of Graph is here.',
  503: 'The backlog is full, or Redis is away, slow or nearly full. Send it again later.',
};

function problems(statuses: readonly number[]): JsonSchema {
  const answers = statuses.map((status) => [
    status,
    {
      description: PROBLEM_WORDS[status],
      ...([409, 429, 503].includes(status) && {
        headers: { 'Retry-After': { $ref: '#/components/headers/Retry-After' } },
      }),
      content: { [PROBLEM_TYPE]: { schema: ref('Problem') } },
    },
  ]);
  return Object.fromEntries(answers);
}

function stored(...names: readonly string[]): JsonSchema {
  const schema = names.length === 1 ? ref(names[0]!) : { anyOf: names.map(ref) };
  const answer = (description: string) => ({ description, ...storedHeaders(), content: { [JSON_TYPE]: { schema } } });
  return {
    202: answer('All are stored, now or before.'),
    207: answer('Some were invalid; the others are stored. `rejected` says why, one by one.'),
  };
}

function storedHeaders() {
  const names = ['Location', 'Sluice-Durability'];
  return { headers: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])) };
}

function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}

function parameter(name: keyof typeof PARAMETERS): JsonSchema {
  return { $ref: `#/components/parameters/${name}` };
}
