/* sluice tail: what happens, as it happens. A console that goes away is asked again for as long as somebody watches. */
import { once } from 'node:events';
import { inert } from '../inert.ts';
import { pause } from '../pause.ts';
import { watchStopSignals } from '../start/stop-signals.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, type World } from '../world.ts';
import { openConsole } from './ask-console.ts';
import { CommandFailed, tellFailure } from './command-failed.ts';
import { readEvents, type SentEvent } from './read-events.ts';
import { readOptions, refuseUsage } from './read-options.ts';
import { lineOf, type TailEvent } from './tail-lines.ts';

const OPTIONS = {
  json: { type: 'boolean' },
  connection: { type: 'string' },
  item: { type: 'string' },
  failed: { type: 'boolean' },
} as const;
const AGAIN_MS = { first: 500, max: 10_000 };
/** The console says something every ten seconds at least. */
const SILENT_MS_MAX = 30_000;

interface Watch {
  readonly world: World;
  readonly path: string;
  readonly connection: string | null;
  readonly isJson: boolean;
  readonly stop: AbortSignal;
}

export function runTail(args: readonly string[], world: World): Promise<number> {
  return tellFailure(world, async () => {
    const words = readOptions('tail', args, OPTIONS);
    if (words.operands.length > 0)
      throw refuseUsage('tail takes no operands; --connection and --item name what to watch.', 'tail');
    const query = new URLSearchParams();
    for (const name of ['connection', 'item']) {
      const value = words.text(name);
      if (value !== undefined) query.set(name, value);
    }
    if (words.flag('failed')) query.set('failed', 'true');
    const signals = watchStopSignals({ onSecond: world.exit, underNpm: false });
    const path = `/api/v1/tail?${query}`;
    try {
      await watchOn({
        world,
        path,
        connection: words.text('connection') ?? null,
        isJson: words.flag('json'),
        stop: signals.requested,
      });
    } finally {
      signals.dispose();
    }
    return EXIT_INTERRUPTED;
  });
}

/** Until somebody stops it. Fails only when the first try does: later the console may come back. */
async function watchOn(watch: Watch): Promise<void> {
  const { world, stop, isJson } = watch;
  let seen = false;
  let waitMs = AGAIN_MS.first;
  while (!stop.aborted) {
    let trouble = 'The console ended the stream.';
    try {
      await watchOnce(watch, () => {
        if (seen && waitMs > AGAIN_MS.first)
          world.err.write('The console answers again; what happened in between is not shown.\n');
        seen = true;
        waitMs = AGAIN_MS.first;
      });
    } catch (error) {
      if (stop.aborted) return;
      // Who may not watch, or asks for what is none, gets no further by asking again.
      const isFinal = error instanceof CommandFailed && (error.status ?? 500) < 500;
      if (isFinal) throw error;
      if (!(error instanceof CommandFailed))
        trouble = `The console does not answer any more (${(error as Error).message}).`;
      else if (!seen) throw error;
      else trouble = error.message;
    }
    if (stop.aborted) return;
    world.err.write(inert(`${trouble} Asking it again in ${waitMs / 1000} s.\n`));
    if (isJson) await write(world, JSON.stringify({ event: 'lost', at: new Date().toISOString(), detail: trouble }));
    await pause(waitMs, stop);
    waitMs = Math.min(AGAIN_MS.max, waitMs * 2);
  }
}

async function watchOnce(watch: Watch, onHello: () => void): Promise<void> {
  const { world, path, stop } = watch;
  const over = new AbortController();
  const silent = setTimeout(() => over.abort(new Error('nothing was heard of it')), SILENT_MS_MAX);
  try {
    const body = await openConsole(world).stream(path, AbortSignal.any([stop, over.signal]));
    for await (const event of readEvents(body, () => silent.refresh())) {
      if (event.name === 'hello') onHello();
      await show(watch, event);
      if (stop.aborted) return;
    }
  } finally {
    clearTimeout(silent);
  }
}

async function show({ world, connection, isJson }: Watch, { name, data }: SentEvent): Promise<void> {
  const event = JSON.parse(data) as TailEvent;
  if (name === 'hello') {
    const unknown = event['known'] === false ? ` Nothing was ever accepted for ${connection}; it is waited for.` : '';
    if (unknown !== '' || (!isJson && world.err.isTTY === true))
      world.err.write(`Watching; Ctrl-C ends it.${unknown}\n`);
    return;
  }
  const colored = world.out.isTTY === true && !world.env['NO_COLOR'];
  const line = isJson ? data : lineOf(event, colored);
  if (line !== '') await write(world, line);
}

/** Waits while nobody takes it, so that the console leaves out what would pile up here. */
async function write({ out, exit }: World, line: string): Promise<void> {
  if (out.write(`${line}\n`)) return;
  await once(out as NodeJS.WriteStream, 'drain').catch(() => exit(EXIT_FAILED));
}
