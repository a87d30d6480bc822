/* sluice config check: reads the settings as a service would, and says what is wrong with all of them at once. Connects to nothing. */
import { ConfigError, loadConfig } from '@sluice/config';
import { EXIT_CONFIG, type World } from '../world.ts';
import { tellFailure } from './command-failed.ts';
import { readOptions, refuseUsage } from './read-options.ts';

export function runConfig(args: readonly string[], world: World): Promise<number> {
  return tellFailure(world, async () => {
    const words = readOptions('config', args, { json: { type: 'boolean' } });
    if (words.operands.length !== 1 || words.operands[0] !== 'check') {
      throw refuseUsage('config takes a verb: check.', 'config');
    }
    const { problems, warnings, summary } = check(world);
    if (words.flag('json')) world.out.write(`${JSON.stringify({ ok: problems.length === 0, problems, warnings })}\n`);
    else {
      for (const warning of warnings) world.err.write(`Warning: ${warning}\n`);
      for (const problem of problems) world.err.write(`${problem}\n`);
      if (problems.length === 0) world.out.write(summary);
    }
    return problems.length === 0 ? 0 : EXIT_CONFIG;
  });
}

function check({ env }: World): { problems: readonly string[]; warnings: readonly string[]; summary: string } {
  try {
    const { config, warnings } = loadConfig(env, { needs: { callers: true, graph: true } });
    const tenants = config.tenants.map(({ name, graph, connections }) => {
      const named = connections === '*' ? 'every connection' : `${Object.keys(connections).length} connections`;
      return `  ${name}: ${graph?.credential.kind ?? 'no credential'}, cloud ${graph?.cloud ?? 'none'}, ${named}\n`;
    });
    return { problems: [], warnings, summary: `The settings are right.\n${tenants.join('')}` };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { problems: error.problems, warnings: error.warnings, summary: '' };
  }
}
