/* The answers of the intake as JSON Schemas. A test holds real answers against them. */
import { BODY_REFUSALS, type JsonSchema, REJECTIONS } from '@sluice/core';
import { HTTP_PROBLEMS } from '@sluice/http';
import { INTAKE_PROBLEMS } from '../answer-append.ts';

const TEXT: JsonSchema = { type: 'string' };
const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
const TIME: JsonSchema = { type: 'string', format: 'date-time' };
const RECEIPT_ID: JsonSchema = { type: ['string', 'null'], examples: ['s0E3j9ECwubOm7'] };

function object(properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', required, properties };
}

/** Codes are listed and not enumerated: there may be more, and a client must not break by it. */
function codes(description: string, tables: readonly Readonly<Record<string, unknown>>[]): JsonSchema {
  const all = [...new Set(tables.flatMap((table) => Object.keys(table)))].sort();
  return { type: 'string', description: `${description} Known: ${all.map((code) => `\`${code}\``).join(', ')}.` };
}

const REJECTION = {
  pointer: { type: 'string', description: 'JSON pointer into the body.', examples: ['#/activities/4/startDateTime'] },
  code: codes('Stable; what programs look at.', [REJECTIONS]),
  message: { type: 'string', description: 'What is wrong, and the rule.' },
};

const STORED = { receiptId: RECEIPT_ID, connectionId: TEXT, accepted: COUNT, duplicates: COUNT };

const RECEIPT_COUNTS = [
  'pending',
  'inFlight',
  'delivered',
  'dead',
  'parked',
  'discarded',
  'erased',
  'expired',
  'rejected',
  'duplicates',
];

const WAITING = object({
  reason: { enum: ['linger', 'turn', 'quota', 'retry', 'paused', 'held', 'breaker'] },
  entries: COUNT,
  until: { type: ['string', 'null'], format: 'date-time' },
  detail: TEXT,
});

const RECEIPT_ENTRY = object(
  {
    index: COUNT,
    state: { enum: ['rejected', 'dead', 'parked'] },
    itemId: { type: ['string', 'null'] },
    code: TEXT,
    message: TEXT,
    requestId: { type: ['string', 'null'], description: 'Of Graph.' },
    attempts: COUNT,
    pointer: TEXT,
  },
  ['pointer'],
);

const GRAPH_ERROR: JsonSchema = {
  ...object({ code: TEXT, message: TEXT }),
  description: 'As Graph’s own; `details` has the code and the place that Sluice names.',
  additionalProperties: true,
};

export const ANSWER_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  Rejected: object({ index: COUNT, ...REJECTION }),
  RejectedLine: object({ line: { type: 'integer', minimum: 1 }, ...REJECTION }),
  Stored: {
    ...object({ ...STORED, rejected: { type: 'array', items: { $ref: '#/components/schemas/Rejected' } } }),
    description: 'accepted + duplicates + the number of rejected is what was sent.',
  },
  StoredLines: {
    ...object({
      ...STORED,
      rejected: { type: 'array', maxItems: 1000, items: { $ref: '#/components/schemas/RejectedLine' } },
      rejectedTotal: COUNT,
    }),
    description: 'Of a stream: accepted + duplicates + rejectedTotal is what was sent.',
  },
  Problem: {
    ...object(
      {
        title: TEXT,
        status: { type: 'integer' },
        code: codes('Stable; what programs look at.', [HTTP_PROBLEMS, BODY_REFUSALS, INTAKE_PROBLEMS]),
        detail: { type: 'string', description: 'What is wrong, and the rule.' },
        pointer: TEXT,
        rejected: {
          type: 'array',
          items: { anyOf: ['Rejected', 'RejectedLine'].map((name) => ({ $ref: `#/components/schemas/${name}` })) },
        },
        rejectedTotal: COUNT,
        accepted: { ...COUNT, description: 'Of a stream that broke off: what is stored, up to lastLine.' },
        duplicates: COUNT,
        lastLine: COUNT,
      },
      ['pointer', 'rejected', 'rejectedTotal', 'accepted', 'duplicates', 'lastLine'],
    ),
    description: 'RFC 9457.',
  },
  Receipt: object(
    {
      receiptId: TEXT,
      connectionId: TEXT,
      acceptedAt: TIME,
      final: { type: 'boolean', description: 'Every entry has come to its end.' },
      complete: { const: false, description: 'The request broke off before its end.' },
      lastLine: { ...COUNT, description: 'Of a stream: everything up to this line is decided.' },
      counts: object(Object.fromEntries(RECEIPT_COUNTS.map((name) => [name, COUNT]))),
      waitingFor: { type: 'array', items: WAITING },
      entries: { type: 'array', maxItems: 100, items: RECEIPT_ENTRY },
      entriesTotal: COUNT,
    },
    ['complete', 'lastLine'],
  ),
  GraphResults: object({
    '@odata.context': TEXT,
    value: {
      type: 'array',
      items: object({
        '@odata.type': TEXT,
        type: { type: ['string', 'null'] },
        startDateTime: { type: ['string', 'null'] },
        error: { anyOf: [{ type: 'null' }, GRAPH_ERROR], description: 'null: stored.' },
      }),
    },
  }),
  GraphError: object({ error: GRAPH_ERROR }),
};
