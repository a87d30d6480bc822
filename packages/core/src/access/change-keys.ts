/* accept: keys are added to the file and taken out of it; what cannot be done is said in a sentence for the person who asked. */
import { checkTogether, type StoredKey } from './check-key-file.ts';

export type ChangedKeys =
  | { readonly ok: true; readonly keys: readonly StoredKey[]; readonly changed: readonly StoredKey[] }
  | { readonly ok: false; readonly problem: string };

export function addKey(keys: readonly StoredKey[], key: StoredKey): ChangedKeys {
  const after = [...keys, key];
  const problem = checkTogether(after);
  return problem === null ? { ok: true, keys: after, changed: [key] } : { ok: false, problem };
}

/** `who`: the id of a key, or a client, of whom `all` keys go or the only one. */
export function revokeKeys(keys: readonly StoredKey[], who: string, all: boolean): ChangedKeys {
  const byId = keys.filter(({ id }) => id === who);
  const chosen = byId.length > 0 ? byId : keys.filter(({ name }) => name === who);
  if (chosen.length === 0)
    return { ok: false, problem: `there is no key with this id and no client of this name: ${who}` };
  if (chosen.length > 1 && !all) {
    const ids = chosen.map(({ id }) => id).join(' and ');
    return {
      ok: false,
      problem: `${who} has ${chosen.length} keys, ${ids}: name one of them, or all of them with --all`,
    };
  }
  return { ok: true, keys: keys.filter((key) => !chosen.includes(key)), changed: chosen };
}

/** As the file holds it. */
export function formatKeyFile(keys: readonly StoredKey[]): string {
  return `${JSON.stringify({ keys }, null, 2)}\n`;
}
