/*
  accept: what an API key looks like. `slu_`, an id of 12 characters that finds it in the file, `_`, and 43 characters of
  secret: 256 bits of chance, so that a plain SHA-256 of the whole is all that has to be kept.
*/

export const KEY_ID_LENGTH = 12;
export const KEY_SECRET_LENGTH = 43;
/** No character at which a double click would end. */
export const KEY_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const KEY = new RegExp(`^slu_([0-9A-Za-z]{${KEY_ID_LENGTH}})_[0-9A-Za-z]{${KEY_SECRET_LENGTH}}$`);
export const KEY_ID = new RegExp(`^[0-9A-Za-z]{${KEY_ID_LENGTH}}$`);

/** The id within a key; null: this is not a key of ours. */
export function keyIdOf(key: string): string | null {
  return KEY.exec(key)?.[1] ?? null;
}

/** `draw` gives whole numbers below its argument, each as likely. */
export function makeKey(draw: (below: number) => number): { readonly id: string; readonly key: string } {
  const text = (length: number) => Array.from({ length }, () => KEY_ALPHABET[draw(KEY_ALPHABET.length)]).join('');
  const id = text(KEY_ID_LENGTH);
  return { id, key: `slu_${id}_${text(KEY_SECRET_LENGTH)}` };
}
