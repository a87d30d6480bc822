/*
  /queues: bull-board over the queues of wake-ups, to look at. It stands under a line that says what it is not, and it can
  change nothing: the board answers only what reads.
*/
import type { FastifyInstance } from '@sluice/http';
import { httpProblem, ProblemError } from '@sluice/http';
import type { Board } from '@sluice/scheduler';
import { fromStore } from './console-problems.ts';

export const QUEUES_PATH = '/queues';
/** The page's own class names; its style sheet is served here, because the policy allows no style within a page. */
export const QUEUES_LINE = `<link rel="stylesheet" href="${QUEUES_PATH}/line.css"><p class="sluice-line">These are wake-ups, not activities: <a href="/">the backlog is on the overview</a>. Everything here is read-only, and any of it may be lost without harm.</p>`;
/** Above the board, whose own header and side keep to the top of the window: both make room. */
const LINE_CSS = `.sluice-line{position:fixed;z-index:1000;inset:0 0 auto;height:40px;margin:0;padding:9px 20px;box-sizing:border-box;
overflow:hidden;background:#0f766e;color:#fff;font:14px/22px system-ui,sans-serif}
.sluice-line a{color:#fff;font-weight:600}
body{padding-top:40px}
#root>header{top:40px}
#root>aside{top:104px}
@media (max-width:700px){.sluice-line{height:68px;padding:7px 14px;font:13px/18px system-ui,sans-serif}
body{padding-top:68px}
#root>header{top:68px}
#root>aside{top:132px}}
`;

export function addQueueRoutes(app: FastifyInstance, board: Pick<Board, 'answer'>): void {
  // Jobs are named after connections, all of them.
  const config = { everyConnection: true } as const;
  app.get(`${QUEUES_PATH}/line.css`, { config }, (_request, reply) => {
    return reply.header('cache-control', 'no-cache').header('content-type', 'text/css; charset=utf-8').send(LINE_CSS);
  });
  app.get(QUEUES_PATH, { config }, (_request, reply) => reply.redirect(`${QUEUES_PATH}/`));
  app.get<{ Params: { '*': string }; Querystring: Record<string, unknown> }>(
    `${QUEUES_PATH}/*`,
    { config },
    async (request, reply) => {
      const path = `/${request.params['*']}`;
      const answer = await fromStore(board.answer(path, request.query));
      if (answer === null) throw new ProblemError(httpProblem('route_not_found'));
      reply.header('cache-control', answer.immutable ? 'public, max-age=31536000, immutable' : 'no-store');
      return reply.code(answer.status).header('content-type', answer.type).send(answer.body);
    },
  );
}
