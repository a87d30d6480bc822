/* The words behind a command: options and operands, refused with a hint when they cannot be meant. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { suggest } from '../suggest.ts';
import { EXIT_USAGE } from '../world.ts';
import { CommandFailed } from './command-failed.ts';

export interface Words {
  readonly text: (name: string) => string | undefined;
  readonly flag: (name: string) => boolean;
  readonly operands: readonly string[];
}

export function readOptions(command: string, args: readonly string[], options: ParseArgsOptionsConfig): Words {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
    return {
      text: (name) => (typeof values[name] === 'string' ? values[name] : undefined),
      flag: (name) => values[name] === true,
      operands: positionals,
    };
  } catch (error) {
    const text = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    const typed = /'--([^ '=]+)/.exec(text)?.[1];
    const meant = typed === undefined || typed in options ? null : suggest(typed, Object.keys(options));
    const hint = meant === null ? `See \`sluice ${command} --help\`.` : `Did you mean --${meant}?`;
    throw new CommandFailed(`${text}. ${hint}`, EXIT_USAGE);
  }
}

export function refuseUsage(text: string, command: string): CommandFailed {
  return new CommandFailed(`${text} See \`sluice ${command} --help\`.`, EXIT_USAGE);
}
