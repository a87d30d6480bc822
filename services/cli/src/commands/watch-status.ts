/*
  sluice status --watch: the page of a terminal worth leaving open. What is stuck comes first, with what to do about it; a console
  that does not answer is said above what was last known, never instead of it.
*/

import { inert } from '../inert.ts';
import { pause } from '../pause.ts';
import { watchStopSignals } from '../start/stop-signals.ts';
import { EXIT_INTERRUPTED, type Output, type World } from '../world.ts';
import { openConsole } from './ask-console.ts';
import { CommandFailed } from './command-failed.ts';
import { type ConnectionStatus, tableOf, troubleOf } from './status-table.ts';

const EVERY_MS = 1000;
/** An answer takes less, unless something is wrong. */
const SILENT_MS = 2000;
/** Where lines cannot be rewritten, a table every ten seconds. */
const PLAIN_EVERY = 10;
const COLUMNS_OTHERWISE = 80;
const ROWS_OTHERWISE = 24;
const OTHER_SCREEN = '\u001b[?1049h\u001b[?25l';
const FIRST_SCREEN = '\u001b[?25h\u001b[?1049l';
/** What there is room for. */
const FEET = [
  'Ctrl-C ends. Dead letters: sluice dead list CONNECTION. One item: sluice item CONNECTION ITEM.',
  'Ctrl-C ends. More: sluice item CONNECTION ITEM, sluice dead list CONNECTION.',
  'Ctrl-C ends.',
];
const HOME = '\u001b[H';
const REST_OF_LINE = '\u001b[K';
const REST_OF_SCREEN = '\u001b[J';

export interface Reading {
  readonly connections: readonly ConnectionStatus[];
  /** How many there are; null: the console does not say. */
  readonly workers: number | null;
  readonly atMs: number;
}

export async function watchStatus(world: World, isJson: boolean): Promise<number> {
  const { out } = world;
  const console = openConsole(world);
  const signals = watchStopSignals({ onSecond: world.exit, underNpm: false });
  const isPage = out.isTTY === true && !isJson;
  let last: Reading | null = null;
  let trouble: string | null = null;
  const linesNow = (said = trouble) =>
    pageOf(last, said, { nowMs: Date.now(), ...(out.columns && { columns: out.columns }) }).map(inert);
  async function look(): Promise<void> {
    try {
      const body = await console.get('/api/v1/connections');
      last = readingOf(body, Date.now());
      trouble = null;
      if (isJson) out.write(`${JSON.stringify(body)}\n`);
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error;
      trouble = error.message;
      if (isJson) world.err.write(inert(`${trouble}\n`));
    }
  }
  if (isPage) out.write(OTHER_SCREEN);
  try {
    for (let n = 0; !signals.requested.aborted; n++) {
      const asking = { begunMs: Date.now(), looked: look() };
      await whileAsking(asking, signals.requested, (said) => isPage && drawPage(out, linesNow(said ?? trouble)));
      if (isPage) drawPage(out, linesNow());
      else if (!isJson && n % PLAIN_EVERY === 0) out.write(`${linesNow().join('\n')}\n\n`);
      await pause(EVERY_MS, signals.requested);
    }
  } finally {
    if (isPage) out.write(FIRST_SCREEN);
    signals.dispose();
  }
  return EXIT_INTERRUPTED;
}

/** Until it has answered or somebody ends it: a console that hangs is said, and the clock of the page goes on meanwhile. */
async function whileAsking(
  { begunMs, looked }: { readonly begunMs: number; readonly looked: Promise<void> },
  signal: AbortSignal,
  draw: (said: string | null) => void,
): Promise<void> {
  let isOver = false;
  const over = looked.finally(() => {
    isOver = true;
  });
  while (!isOver && !signal.aborted) {
    const waitedMs = Date.now() - begunMs;
    draw(waitedMs < SILENT_MS ? null : `The console has not answered for ${Math.round(waitedMs / 1000)} s.`);
    await Promise.race([over, pause(EVERY_MS, signal)]);
  }
  // Of an answer that comes after somebody ended the page nobody wants to know.
  if (signal.aborted) looked.catch(() => undefined);
  else await over;
}

function readingOf(body: Readonly<Record<string, unknown>>, atMs: number): Reading {
  const { connections, workers } = body;
  return {
    connections: (connections ?? []) as readonly ConnectionStatus[],
    workers: typeof workers === 'number' ? workers : null,
    atMs,
  };
}

/** The lines of the page, before they are cut to the terminal. What is wrong stands above the table, which may be long. */
export function pageOf(
  last: Reading | null,
  trouble: string | null,
  { nowMs, columns = COLUMNS_OTHERWISE }: { readonly nowMs: number; readonly columns?: number },
): readonly string[] {
  const clock = new Date(nowMs).toISOString().slice(11, 19);
  if (last === null) return [`Sluice  ${clock} UTC`, '', ...wrap(trouble ?? 'Asking the console ...', columns)];
  const { connections, atMs } = last;
  const lost =
    trouble === null
      ? []
      : ['', ...wrap(`Not current: what follows is ${Math.round((nowMs - atMs) / 1000)} s old. ${trouble}`, columns)];
  const wrong = troubleOf(connections, nowMs).flatMap((line) => wrap(line, columns));
  const table =
    connections.length === 0
      ? ['There are no connections yet: nothing was accepted.']
      : tableOf(connections, nowMs, columns);
  return [...wrap(headOf(last, clock), columns), ...lost, ...(wrong.length === 0 ? [] : ['', ...wrong]), '', ...table];
}

function headOf({ connections, workers }: Reading, clock: string): string {
  const pending = connections.reduce((sum, one) => sum + one.pending, 0);
  const stuck = connections.filter(({ urgency }) => urgency === 'stuck').length;
  return [
    `Sluice  ${clock} UTC  ${connections.length} ${connections.length === 1 ? 'connection' : 'connections'}`,
    `${pending.toLocaleString('en')} pending`,
    ...(workers === null ? [] : [workers === 1 ? '1 worker' : `${workers === 0 ? 'NO' : workers} workers`]),
    stuck === 0 ? 'nothing is stuck' : `${stuck} STUCK`,
  ].join(', ');
}

/** At spaces, and what follows the first line as far in as that began. */
function wrap(text: string, columns: number): readonly string[] {
  const indent = /^ */.exec(text)![0];
  const lines = [indent];
  for (const word of text.trim().split(' ')) {
    const line = lines.at(-1)!;
    const next = line.trim() === '' ? `${line}${word}` : `${line} ${word}`;
    if (next.length <= columns || line.trim() === '') lines[lines.length - 1] = next;
    else lines.push(`${indent}  ${word}`);
  }
  return lines;
}

function drawPage(out: Output & { readonly rows?: number }, lines: readonly string[]): void {
  const columns = out.columns ?? COLUMNS_OTHERWISE;
  const rows = (out.rows ?? ROWS_OTHERWISE) - 1;
  const shown =
    lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `... ${lines.length - rows + 1} more lines`];
  const foot = FEET.find((text) => text.length <= columns) ?? '';
  const all = [...shown, ...Array.from({ length: Math.max(0, rows - shown.length) }, () => ''), foot];
  out.write(`${HOME}${all.map((line) => `${line.slice(0, columns)}${REST_OF_LINE}`).join('\n')}${REST_OF_SCREEN}`);
}
