/* sluice dead: picks the verb. */
import { suggest } from '../suggest.ts';
import { EXIT_USAGE, type World } from '../world.ts';
import { tellFailure } from './command-failed.ts';
import { changeDead } from './dead-change.ts';
import { exportDead, listDead, showDead } from './dead-list.ts';

export const DEAD_HELP = `sluice dead VERB CONNECTION [ID...] [options]

Dead letters (refused by Graph for good, or out of attempts) and parked entries (outcome unknown): kept until you decide.

  dead list CONNECTION            a table; the oldest end first
  dead show CONNECTION ID         one, with everything that is known of it
  dead replay CONNECTION ID...    pending again, once each; delivered at the pace of the quota
  dead discard CONNECTION ID...   removed for good
  dead export CONNECTION          one line of JSON each on stdout, as POST /v1/connections/{id}/activities takes them

Instead of ids, which ones:
  --state dead|parked  --code CODE  --item ITEM  --before 2026-01-31T13:45:00Z
  --all                replay or discard without a filter needs it
Other options:
  --limit N            list: at most so many (100)
  --json               list, show: as the console answers; replay, discard: {"done":N}

What is wrong in the activities themselves: export them, correct the file, send it again, and discard what was exported.

  sluice dead export people --code invalidRequest > letters.ndjson
  sluice post letters.ndjson --connection people
  sluice dead discard people --code invalidRequest

Asks the console (SLUICE_CONSOLE_URL). Exit code 1 when not everything could be done; asking again goes on, nothing is done twice.
`;

const VERBS: Readonly<Record<string, (args: readonly string[], world: World) => Promise<number>>> = {
  list: listDead,
  show: showDead,
  replay: (args, world) => changeDead('replay', args, world),
  discard: (args, world) => changeDead('discard', args, world),
  export: exportDead,
};

export function runDead(args: readonly string[], world: World): Promise<number> {
  const [verb, ...rest] = args;
  const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (run !== undefined) return tellFailure(world, () => run(rest, world));
  const meant = verb === undefined ? null : suggest(verb, Object.keys(VERBS));
  const hint = meant === null ? 'See `sluice dead --help`.' : `Did you mean \`sluice dead ${meant}\`?`;
  world.err.write(`sluice dead takes a verb: ${Object.keys(VERBS).join(', ')}. ${hint}\n`);
  return Promise.resolve(EXIT_USAGE);
}
