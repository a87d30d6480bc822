/* What stands in paths and headers, and examples that the page sends when somebody tries it. */
import { CONNECTION_ID, ITEM_ID } from '@sluice/core';

export const PARAMETERS = {
  connectionId: {
    name: 'connectionId',
    in: 'path',
    required: true,
    description: 'Sluice’s name of the connection.',
    schema: { type: 'string', pattern: CONNECTION_ID.source },
    example: 'demo',
  },
  itemId: {
    name: 'itemId',
    in: 'path',
    required: true,
    description: 'The id of the externalItem.',
    schema: { type: 'string', pattern: ITEM_ID.source },
    example: 'welcome',
  },
  receiptId: { name: 'receiptId', in: 'path', required: true, schema: { type: 'string' } },
  receiptKey: {
    name: 'idempotencyKey',
    in: 'query',
    required: true,
    description: 'The Idempotency-Key of the request, as it was sent.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  receiptPath: {
    name: 'path',
    in: 'query',
    required: true,
    description: 'The path that the request was sent to.',
    schema: { type: 'string' },
    example: '/v1/connections/demo/activities',
  },
  preferWait: {
    name: 'Prefer',
    in: 'header',
    description:
      '`wait=N`: to be answered with what Graph said of each activity, if that is known within N seconds (30 at most).',
    schema: { type: 'string' },
    example: 'wait=20',
  },
  version: { name: 'version', in: 'path', required: true, schema: { enum: ['v1.0', 'beta'] } },
  idempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'The same request under the same key is stored once and answered as the first time, for a day.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
  },
  requestId: {
    name: 'X-Request-Id',
    in: 'header',
    description: 'Is echoed, and stands in the log.',
    schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$' },
  },
  traceparent: { name: 'traceparent', in: 'header', description: 'W3C Trace Context.', schema: { type: 'string' } },
} as const;

export const EXAMPLE = {
  type: 'viewed',
  startDateTime: '2026-03-02T09:30:00Z',
  performedBy: { type: 'user', id: '2c9a5a86-1f4d-4c2e-9f6b-8d1e0c7b3a55' },
  id: 'page-view-4711',
} as const;

export const EXAMPLE_BULK = {
  activities: [
    { itemId: 'welcome', ...EXAMPLE },
    { itemId: 'handbook', ...EXAMPLE, type: 'commented', id: 'comment-12' },
  ],
} as const;
