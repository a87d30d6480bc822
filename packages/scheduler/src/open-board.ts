/*
  bull-board over the queues, for people to look at and nothing else: every queue is read-only, and only what
  reads is answered at all. Knows no server: whoever has one asks for a path and gets an answer.
*/
import { readFile } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type {
  AppControllerRoute,
  AppViewRoute,
  BullBoardQueues,
  ControllerHandlerReturnType,
  IServerAdapter,
  UIConfig,
} from '@bull-board/api/typings/app';
import { queuePrefix, type RedisStore } from '@sluice/store';
import { Queue } from 'bullmq';
import { describeErrors } from './describe-errors.ts';
import { DRAIN_QUEUE, EVENTS_MAX, SWEEP_QUEUE } from './queues.ts';

export interface BoardAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  /** It never changes: its name contains its hash. */
  readonly immutable: boolean;
}

export interface Board {
  /** `path` without the base, decoded, beginning with a slash. Null: there is nothing there. */
  answer(path: string, query: Readonly<Record<string, unknown>>): Promise<BoardAnswer | null>;
  close(): Promise<void>;
}

export interface BoardOptions {
  readonly store: RedisStore;
  /** Where it is mounted, without a slash at its end. */
  readonly basePath: string;
  /** HTML that stands above the board on each of its pages. */
  readonly line: string;
  readonly onError: (error: Error) => void;
}

interface ShownQueue {
  readonly name: string;
  readonly tag: string;
  /** Before its name, where there are several. */
  readonly prefix: string;
  readonly description: string;
}

/** A queue of drains for each shard, and one for the sweep of all of them. */
function queuesOf(tags: readonly string[]): readonly ShownQueue[] {
  const drains = tags.map((tag, n) => ({
    name: DRAIN_QUEUE,
    tag,
    prefix: tags.length === 1 ? '' : `shard ${n + 1} `,
    description: 'Each job wakes a worker to look at one connection. Any of them may be lost.',
  }));
  const description = 'Every half second: finds connections that nobody has looked at in time.';
  return [...drains, { name: SWEEP_QUEUE, tag: tags[0]!, prefix: '', description }];
}

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  json: 'application/json; charset=utf-8',
  woff2: 'font/woff2',
};
const HASHED = /\.[0-9a-f]{8,}\./;

export function openBoard(options: BoardOptions): Board {
  // Opened when somebody first looks; a queue whose first look at Redis failed stays broken, so an error opens anew.
  let opened: OpenedBoard | null = null;
  return {
    answer: async (path, query) => {
      opened ??= openQueues(options);
      const used = opened;
      try {
        return await used.answer(path, query);
      } catch (error) {
        if (opened === used) opened = null;
        used.close().catch(options.onError);
        throw error;
      }
    },
    close: async () => {
      await opened?.close();
    },
  };
}

type OpenedBoard = Board;

function openQueues({ store, basePath, line, onError: tell }: BoardOptions): OpenedBoard {
  const onError = describeErrors(store, tell);
  const shown = queuesOf(store.shardTags);
  const queues = shown.map(({ name, tag }) => {
    const queue = new Queue(name, {
      connection: store.redis,
      prefix: queuePrefix(tag),
      skipWaitingForReady: true,
      streams: { events: { maxLen: EVENTS_MAX } },
    });
    queue.on('error', onError);
    return queue;
  });
  const adapter = createAdapter();
  createBullBoard({
    queues: queues.map((queue, n) => {
      const { description, prefix } = shown[n]!;
      return new BullMQAdapter(queue, { readOnlyMode: true, description, prefix });
    }),
    serverAdapter: adapter,
    options: {
      uiConfig: { boardTitle: 'Queues · Sluice', hideDocsLink: true, hideRedisDetails: true, sortQueues: true },
    },
  });
  const { board } = adapter;
  return {
    answer: async (path, query) => {
      if (path.startsWith(board.statics.route)) return readStatic(board, path.slice(board.statics.route.length));
      const match = board.api.map((route) => matchRoute(route, path)).find((found) => found !== null);
      if (match !== undefined) return answerApi(board, match, query);
      const isPage = board.entry !== null && (path === '/' || path.startsWith('/queue/') || path === '/settings');
      return isPage ? readPage(board, basePath, line) : null;
    },
    close: async () => {
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
}

/** What bull-board hands to a server. */
interface BoardParts {
  queues: BullBoardQueues;
  viewsPath: string;
  statics: { readonly route: string; readonly path: string };
  entry: AppViewRoute | null;
  api: readonly ApiRoute[];
  uiConfig: UIConfig;
  toError: (error: Error) => ControllerHandlerReturnType;
}

interface ApiRoute {
  readonly parts: readonly string[];
  readonly handler: AppControllerRoute['handler'];
}

function createAdapter(): IServerAdapter & { readonly board: BoardParts } {
  const board: BoardParts = {
    queues: new Map(),
    viewsPath: '',
    statics: { route: '/static', path: '' },
    entry: null,
    api: [],
    uiConfig: {},
    toError: (error) => ({ status: 500, body: { error: error.message } }) as ControllerHandlerReturnType,
  };
  const adapter: IServerAdapter & { readonly board: BoardParts } = {
    board,
    setQueues: (queues) => set({ queues }),
    setViewsPath: (viewsPath) => set({ viewsPath }),
    setStaticPath: (route, path) => set({ statics: { route, path } }),
    setEntryRoute: (entry) => set({ entry }),
    setErrorHandler: (toError) => set({ toError }),
    setApiRoutes: (routes) => set({ api: routes.flatMap(readingRoutes) }),
    setUIConfig: (uiConfig) => set({ uiConfig }),
  };
  function set(parts: Partial<BoardParts>): IServerAdapter {
    Object.assign(board, parts);
    return adapter;
  }
  return adapter;
}

/** Routes that change something are left out, whatever bull-board itself would make of read-only. */
function readingRoutes({ method, route, handler }: AppControllerRoute): readonly ApiRoute[] {
  if (![method].flat().includes('get')) return [];
  return [route].flat().map((each) => ({ parts: each.split('/'), handler }));
}

interface MatchedRoute {
  readonly handler: AppControllerRoute['handler'];
  readonly params: Readonly<Record<string, string>>;
}

function matchRoute({ parts, handler }: ApiRoute, path: string): MatchedRoute | null {
  const given = path.split('/');
  if (given.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [n, part] of parts.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = given[n]!;
    else if (part !== given[n]) return null;
  }
  return { handler, params };
}

async function answerApi(board: BoardParts, { handler, params }: MatchedRoute, query: object): Promise<BoardAnswer> {
  const { queues, uiConfig } = board;
  const answer = await handler({ queues, uiConfig, params: { ...params }, query: { ...query }, body: {}, headers: {} });
  return {
    status: answer.status ?? 200,
    type: TYPES['json']!,
    body: JSON.stringify(answer.body ?? null),
    immutable: false,
  };
}

/** Never anything outside the folder. */
async function readStatic({ statics }: BoardParts, path: string): Promise<BoardAnswer | null> {
  const file = normalize(join(statics.path, path));
  const type = TYPES[file.split('.').at(-1)!];
  if (!file.startsWith(statics.path + sep) || type === undefined) return null;
  const body = await readFile(file).catch(() => null);
  return body === null ? null : { status: 200, type, body, immutable: HASHED.test(file) };
}

/** Its template with the values in place, and without what a strict policy forbids: foreign fonts, styles within. */
async function readPage(board: BoardParts, basePath: string, line: string): Promise<BoardAnswer> {
  const { name, params } = board.entry!.handler({ basePath, uiConfig: board.uiConfig });
  const values = params as unknown as Readonly<Record<string, string>>;
  const template = await readFile(join(board.viewsPath, name), 'utf8');
  const body = template
    .replace(/<%[-=]\s*(\w+)\s*%>/g, (_whole, key: string) => values[key] ?? '')
    .replace(/<link href="https:[^>]*>/g, '')
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/ style="[^"]*"/g, '')
    .replace(/(href|src)="static\//g, `$1="${basePath}/static/`)
    .replace(/<body[^>]*>/, (tag) => `${tag}${line}`);
  return { status: 200, type: 'text/html; charset=utf-8', body, immutable: false };
}
