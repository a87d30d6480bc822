/* Which dead letters a command line means. The console checks what the options say. */
import type { ParseArgsOptionsConfig } from 'node:util';
import { readOptions, refuseUsage, type Words } from './read-options.ts';

export const FILTER_OPTIONS: ParseArgsOptionsConfig = {
  state: { type: 'string' },
  code: { type: 'string' },
  item: { type: 'string' },
  before: { type: 'string' },
  json: { type: 'boolean' },
};

export interface DeadWords {
  readonly connection: string;
  readonly ids: readonly string[];
  readonly filter: Readonly<Record<string, string>>;
  readonly words: Words;
}

export function readDeadWords(verb: string, args: readonly string[], options: ParseArgsOptionsConfig = {}): DeadWords {
  const words = readOptions('dead', args, { ...FILTER_OPTIONS, ...options });
  const [connection, ...ids] = words.operands;
  if (connection === undefined) throw refuseUsage(`dead ${verb} takes a connection.`, 'dead');
  const named = { state: 'state', code: 'code', itemId: 'item', before: 'before' };
  const filter = Object.fromEntries(
    Object.entries(named).flatMap(([member, option]) => {
      const value = words.text(option);
      return value === undefined ? [] : [[member, value]];
    }),
  );
  return { connection, ids, filter, words };
}

export function lettersPath(connection: string): string {
  return `/api/v1/connections/${encodeURIComponent(connection)}/dead-letters`;
}
