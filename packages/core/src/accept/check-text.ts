/* Texts that are kept, and what comes with them: bounded, and free of what breaks on its way through JSON, Redis or a URL. */

export const ID_CHARACTERS_MAX = 128;

/** 1 to 128 characters (code points), no NUL, no half of a surrogate pair. */
export function isKeepableId(text: unknown): text is string {
  if (typeof text !== 'string' || text.length === 0) return false;
  if (
    text.length > ID_CHARACTERS_MAX &&
    !(text.length <= 2 * ID_CHARACTERS_MAX && [...text].length <= ID_CHARACTERS_MAX)
  ) {
    return false;
  }
  return text.isWellFormed() && !text.includes('\0');
}

/** Bytes of a value as JSON without white space, in UTF-8. */
export function jsonBytes(value: unknown): number {
  return utf8Bytes(JSON.stringify(value) ?? '');
}

function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    // A surrogate pair is four bytes, so each of its two units adds one; JSON.stringify leaves no halves.
    if (unit >= 0xd800 && unit <= 0xdfff) bytes += 1;
    else if (unit >= 0x800) bytes += 2;
    else if (unit >= 0x80) bytes += 1;
  }
  return bytes;
}

/** Whether a number in it was beyond all numbers: `1e400` is read as Infinity, which JSON cannot say. */
export function hasInfinity(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(hasInfinity);
}
