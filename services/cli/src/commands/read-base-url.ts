import { EXIT_CONFIG } from '../world.ts';
import { CommandFailed } from './command-failed.ts';

/** The address of a service, from a variable; without a slash at its end. */
export function readBaseUrl(env: NodeJS.ProcessEnv, name: string, usual: string): string {
  const given = env[name];
  if (!given) return usual;
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CommandFailed(`${name} is "${given}": it must be http://host[:port] or https://….`, EXIT_CONFIG);
  }
  return url.href.replace(/\/$/, '');
}
