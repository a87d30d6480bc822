/* sluice keys: picks the verb. */
import { suggest } from '../suggest.ts';
import { EXIT_USAGE, type World } from '../world.ts';
import { tellFailure } from './command-failed.ts';
import { listKeys, revokeKey } from './keys-change.ts';
import { createKey } from './keys-create.ts';

const VERBS: Readonly<Record<string, (args: readonly string[], world: World) => Promise<number>>> = {
  create: createKey,
  list: listKeys,
  revoke: revokeKey,
};

export function runKeys(args: readonly string[], world: World): Promise<number> {
  const [verb, ...rest] = args;
  const run = verb !== undefined && Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (run !== undefined) return tellFailure(world, () => run(rest, world));
  const meant = verb === undefined ? null : suggest(verb, Object.keys(VERBS));
  const hint = meant === null ? 'See `sluice keys --help`.' : `Did you mean \`sluice keys ${meant}\`?`;
  world.err.write(`sluice keys takes a verb: ${Object.keys(VERBS).join(', ')}. ${hint}\n`);
  return Promise.resolve(EXIT_USAGE);
}
