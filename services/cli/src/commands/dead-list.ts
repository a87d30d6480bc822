/* sluice dead list, show, export: what is kept, for people and for programs. */
import { once } from 'node:events';
import { inert } from '../inert.ts';
import { EXIT_FAILED, type World } from '../world.ts';
import { type Console, openConsole } from './ask-console.ts';
import { lettersPath, readDeadWords } from './dead-choice.ts';
import { formatTable } from './format-table.ts';
import { refuseUsage } from './read-options.ts';

interface Letter {
  readonly id: string;
  readonly state: string;
  readonly itemId: string;
  readonly activity: Readonly<Record<string, unknown>> | null;
  readonly code: string;
  readonly message: string;
  readonly attempts: number | null;
  readonly settledAt: string;
}

const LIMIT_DEFAULT = 100;
/** Of one answer of the console. */
const PAGE = 1000;
const MESSAGE_SHOWN = 80;
const HEAD = ['ID', 'STATE', 'ITEM', 'CODE', 'ATTEMPTS', 'SETTLED', 'MESSAGE'];

export async function listDead(args: readonly string[], world: World): Promise<number> {
  const { connection, ids, filter, words } = readDeadWords('list', args, { limit: { type: 'string' } });
  if (ids.length > 0) throw refuseUsage('dead list takes one connection; dead show takes an id.', 'dead');
  const limit = Number(words.text('limit') ?? LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1) throw refuseUsage('--limit is a whole number from 1.', 'dead');
  const letters: Letter[] = [];
  let isMore = false;
  for await (const letter of lettersOf(openConsole(world), connection, filter, Math.min(PAGE, limit + 1))) {
    isMore = letters.length === limit;
    if (isMore) break;
    letters.push(letter);
  }
  if (words.flag('json')) world.out.write(`${JSON.stringify({ entries: letters, more: isMore })}\n`);
  else world.out.write(letters.length === 0 ? 'There are none.\n' : inert(formatTable(HEAD, letters.map(rowOf))));
  if (isMore && !words.flag('json')) world.err.write(`There are more; --limit shows more than ${limit}.\n`);
  return 0;
}

export async function showDead(args: readonly string[], world: World): Promise<number> {
  const { connection, ids, words } = readDeadWords('show', args);
  const [id, ...others] = ids;
  if (id === undefined || others.length > 0) throw refuseUsage('dead show takes a connection and one id.', 'dead');
  const letter = await openConsole(world).get(`${lettersPath(connection)}/${encodeURIComponent(id)}`);
  world.out.write(words.flag('json') ? `${JSON.stringify(letter)}\n` : inert(`${JSON.stringify(letter, null, 2)}\n`));
  return 0;
}

/** A line is what POST /v1/connections/{id}/activities takes. An entry that cannot be told as an activity is counted, not dropped unsaid. */
export async function exportDead(args: readonly string[], world: World): Promise<number> {
  const { connection, ids, filter } = readDeadWords('export', args);
  if (ids.length > 0) throw refuseUsage('dead export takes one connection and a filter.', 'dead');
  // Whoever reads may stop early (head does); that is no error to tell.
  world.out.on('error', () => world.exit(EXIT_FAILED));
  let untold = 0;
  for await (const { itemId, activity } of lettersOf(openConsole(world), connection, filter, PAGE)) {
    if (activity === null) untold += 1;
    else if (!world.out.write(`${JSON.stringify({ itemId, ...activity })}\n`)) await drained(world);
  }
  if (untold === 0) return 0;
  world.err.write(`${untold} could not be exported: a newer version of Sluice wrote them.\n`);
  return EXIT_FAILED;
}

/** Page by page: what is asked for is never all in memory. */
async function* lettersOf(
  console: Console,
  connection: string,
  filter: Readonly<Record<string, string>>,
  limit: number,
): AsyncGenerator<Letter> {
  let next: string | null = null;
  do {
    const query: URLSearchParams = new URLSearchParams({ ...filter, limit: String(limit) });
    if (next !== null) query.set('cursor', next);
    const page = await console.get(`${lettersPath(connection)}?${query}`);
    yield* (page['entries'] ?? []) as readonly Letter[];
    next = (page['next'] ?? null) as string | null;
  } while (next !== null);
}

function rowOf(letter: Letter): readonly string[] {
  const { id, state, itemId, code, attempts, settledAt, message } = letter;
  const short = message.length > MESSAGE_SHOWN ? `${message.slice(0, MESSAGE_SHOWN - 1)}…` : message;
  return [
    id,
    state,
    itemId,
    code,
    attempts === null ? '-' : String(attempts),
    settledAt,
    short.replaceAll(/\s+/g, ' '),
  ];
}

async function drained({ out }: World): Promise<void> {
  await once(out as NodeJS.WriteStream, 'drain');
}
