/*
  sluice post: the activities of a file or a pipe, through the intake. Each has an id: its own, or one made of the key of this
  run, its number and what it says, so that the same command with --key goes on after anything without storing twice.
*/
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Activity } from '@sluice/client/source';
import { CONNECTION_ID, ITEM_ID } from '@sluice/core';
import { inert } from '../inert.ts';
import { postStream, SluiceError } from '../producer/post-stream.ts';
import { NO_BAR, openProgressBar } from '../producer/progress-bar.ts';
import { watchStopSignals } from '../start/stop-signals.ts';
import { suggest } from '../suggest.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, type World } from '../world.ts';
import { type Intake, openIntake } from './ask-intake.ts';
import { CommandFailed, tellFailure } from './command-failed.ts';
import { PostTally, type Rejected } from './post-tally.ts';
import { type Found, readActivities } from './read-activities.ts';
import { readOptions, refuseUsage } from './read-options.ts';

export const POST_HELP = `sluice post FILE|- --connection CONNECTION [options]

Posts the activities of a file, or of what is piped in: one a line (NDJSON), as \`sluice dead export\` writes them, or one JSON text
(a list, {"activities":[…]}, or a single activity). Each names its item as itemId.

  --connection CONNECTION   Sluice's name of the connection
  --item ITEM               the item of activities that name none
  --key KEY                 names this run: posted again under the same key, nothing is stored twice; it is told when a run breaks off
  --json                    {"accepted","duplicates","rejected":[…],"rejectedTotal","receiptIds":[…],…}

Asks the intake (SLUICE_URL, SLUICE_API_KEY). Exit code 0 when all was accepted, now or before; 1 when some was rejected, or it
broke off; 130 after Ctrl-C.
`;

interface PostPlan {
  readonly file: string;
  readonly connection: string;
  readonly item: string | undefined;
  readonly key: string;
  readonly json: boolean;
}

const KEY = /^[A-Za-z0-9._-]{1,64}$/;

export function runPost(args: readonly string[], world: World): Promise<number> {
  return tellFailure(world, async () => {
    const plan = readPlan(args);
    const intake = openIntake(world);
    const { chunks, bytes } = await openSource(plan.file, world);
    await intake.assertReachable();
    return post(plan, { intake, chunks, bytes }, world);
  });
}

function readPlan(args: readonly string[]): PostPlan {
  const words = readOptions('post', args, {
    connection: { type: 'string' },
    item: { type: 'string' },
    key: { type: 'string' },
    json: { type: 'boolean' },
  });
  const [file, ...others] = words.operands;
  if (file === undefined || others.length > 0)
    throw refuseUsage('post takes one file, or - for what is piped in.', 'post');
  const item = words.text('item');
  const key = words.text('key') ?? randomUUID();
  if (item !== undefined && !ITEM_ID.test(item)) {
    throw refuseUsage('--item is 1 to 128 letters, digits, hyphens and underscores.', 'post');
  }
  if (!KEY.test(key)) throw refuseUsage('--key is 1 to 64 letters, digits, dots, hyphens and underscores.', 'post');
  return { file, connection: readConnection(words.text('connection'), 'post'), item, key, json: words.flag('json') };
}

export function readConnection(given: string | undefined, command: string): string {
  if (given === undefined)
    throw refuseUsage('--connection is missing: it says which connection they are for.', command);
  if (CONNECTION_ID.test(given)) return given;
  throw refuseUsage(`--connection is "${given}"; a connection id is 3 to 32 letters and digits.`, command);
}

interface Source {
  readonly chunks: AsyncIterable<Buffer>;
  /** null: not known. */
  readonly bytes: number | null;
}

async function openSource(file: string, { cwd, in: piped }: World): Promise<Source> {
  if (file === '-') {
    if (piped.isTTY === true) throw refuseUsage('- reads what is piped in, and nothing is.', 'post');
    return { chunks: piped, bytes: null };
  }
  const path = resolve(cwd, file);
  const found = await stat(path).catch(() => null);
  if (found === null) throw new CommandFailed(`There is no file ${file}.${await hintAt(path)}`, EXIT_FAILED);
  if (found.isDirectory()) throw new CommandFailed(`${file} is a folder; post takes a file.`, EXIT_FAILED);
  return { chunks: createReadStream(path), bytes: found.isFile() ? found.size : null };
}

async function hintAt(path: string): Promise<string> {
  const names = await readdir(dirname(path)).catch(() => []);
  const meant = suggest(basename(path), names);
  return meant === null ? '' : ` Did you mean ${meant}?`;
}

interface PostParts extends Source {
  readonly intake: Intake;
}

async function post(plan: PostPlan, { intake, chunks, bytes }: PostParts, world: World): Promise<number> {
  const { connection, json } = plan;
  const tally = new PostTally();
  const bar = bytes === null ? NO_BAR : openProgressBar(world.err, `post ${connection}`, bytes);
  const signals = watchStopSignals({ onSecond: world.exit, underNpm: false });
  const places = new WeakMap<Activity, string>();
  let readBytes = 0;
  const show = (more = '') => bar.update(readBytes, tally.note() + more);
  async function* activities(): AsyncGenerator<Activity> {
    for await (const found of readActivities(chunks, /\.(ndjson|jsonl)$/i.test(plan.file))) {
      readBytes = found.readBytes;
      const made = makeActivity(found, plan);
      if (!made.ok) {
        tally.reject({ place: found.place, ...made.rejection });
        continue;
      }
      places.set(made.activity, found.place);
      yield made.activity;
    }
  }
  let failure: SluiceError | CommandFailed | null = null;
  try {
    await postStream(activities(), {
      url: intake.url,
      apiKey: intake.apiKey,
      signal: signals.requested,
      onStored: (batch) => {
        tally.stored(batch);
        show();
      },
      onRejected: (activity, { code, pointer, message }) =>
        tally.reject({ place: places.get(activity) ?? '?', pointer: pointer ?? '#', code, message: plain(message) }),
      onPostponed: ({ problem }) => show(`; ${problem.code}, trying again`),
    });
  } catch (error) {
    if (!(error instanceof SluiceError || error instanceof CommandFailed)) throw error;
    failure = error;
  } finally {
    bar.stop();
    signals.dispose();
  }
  if (json) world.out.write(`${JSON.stringify({ connectionId: connection, key: plan.key, ...tally.toJson() })}\n`);
  else tally.tell(world, connection);
  return end(plan, { failure, isStopped: signals.requested.aborted, tally }, world);
}

interface Ended {
  readonly failure: Error | null;
  readonly isStopped: boolean;
  readonly tally: PostTally;
}

function end({ file, connection, key, item }: PostPlan, { failure, isStopped, tally }: Ended, { err }: World): number {
  if (failure !== null) err.write(inert(`It broke off: ${failure.message}\n`));
  else if (isStopped) err.write('Stopped.\n');
  else return tally.rejectedTotal === 0 ? 0 : EXIT_FAILED;
  const on = item === undefined ? '' : ` --item ${item}`;
  err.write(
    `To go on without storing anything twice:\n  sluice post ${file} --connection ${connection}${on} --key ${key}\n`,
  );
  return isStopped ? EXIT_INTERRUPTED : EXIT_FAILED;
}

type Made =
  | { readonly ok: true; readonly activity: Activity }
  | { readonly ok: false; readonly rejection: Omit<Rejected, 'place'> };

/** The client names members otherwise than the wire; what a line says must not get lost by that. */
function makeActivity({ number, content }: Found, { connection, item, key }: PostPlan): Made {
  if ('problem' in content) return refuse(content.problem.code, content.problem.message);
  const { value } = content;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('activity_not_object', 'An activity is a JSON object.');
  }
  for (const stray of ['item', 'connection']) {
    if (!(stray in value)) continue;
    const hint = stray === 'item' ? ' Did you mean "itemId"?' : ' --connection says it.';
    return refuse('member_unknown', `There is no such member.${hint}`, `#/${stray}`);
  }
  const { itemId, id, ...members } = value as Readonly<Record<string, unknown>>;
  const named = { connection, item: itemId ?? item, id: id ?? `${key}#${number}-${digest(value)}` };
  // Whether it is an activity is for the intake to say.
  return { ok: true, activity: { ...members, ...named } as unknown as Activity };
}

function refuse(code: string, message: string, pointer = '#'): Made {
  return { ok: false, rejection: { pointer, code, message } };
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 16);
}

/** Without the code and the place, which are told beside it. */
function plain(message: string): string {
  return message.replace(/^\S+( at \S+)?: /, '');
}
