/* An intake to compare with: the same server, the same checks, the same answer; only what happens to the activities differs. */
import { randomUUID } from 'node:crypto';
import { type AcceptedActivity, type CheckedBody, checkBody } from '@sluice/core';
import { buildServer, type FastifyReply, listen } from '@sluice/http';
import { createLogger } from '@sluice/telemetry';

export type Keep = (connectionId: string, accepted: readonly AcceptedActivity[]) => Promise<void>;

/** The defaults of Sluice's settings. */
const BODY_BYTES_MAX = 4_194_304;
const RULES = { performerIds: 'object-id', activityBytesMax: 4096, activitiesMax: 5000 } as const;

export async function serveBaseline(name: string, keep: Keep): Promise<void> {
  const logger = createLogger(name, 'info');
  const server = buildServer({
    logger,
    requestId: randomUUID,
    hostsAllowed: 'local',
    bodyBytesMax: BODY_BYTES_MAX,
    health: { ready: () => ({ ready: true }) },
  });

  async function take(connectionId: string, itemId: string | null, body: unknown, reply: FastifyReply) {
    const checked = checkBody(body, itemId, RULES);
    if (!checked.ok) return reply.code(400).send({ code: checked.code });
    await keep(connectionId, checked.accepted);
    return reply.code(202).send(answerOf(connectionId, checked));
  }

  server.app.post<{ Params: { connectionId: string; itemId: string } }>(
    '/v1/connections/:connectionId/items/:itemId/activities',
    ({ params, body }, reply) => take(params.connectionId, params.itemId, body, reply),
  );
  server.app.post<{ Params: { connectionId: string } }>(
    '/v1/connections/:connectionId/activities',
    ({ params, body }, reply) => take(params.connectionId, null, body, reply),
  );
  const url = await listen(server, { host: '127.0.0.1', port: 0 });
  logger.info({ url }, 'listening');
  logger.info({}, 'started');
}

function answerOf(connectionId: string, { accepted, duplicates, rejected }: CheckedBody) {
  return { receiptId: 's0000000000000', connectionId, accepted: accepted.length, duplicates, rejected };
}
