/* How deeply JSON text is nested, from its bytes, before anything is built from it. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** True when objects and lists are nested more than `depthMax` deep. Text that is not JSON may get either answer. */
export function isDeeperThan(json: Uint8Array, depthMax: number): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) {
      at++;
      for (let inside = json[at]; inside !== QUOTE && inside !== undefined; inside = json[++at]) {
        if (inside === BACKSLASH) at++;
      }
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      depth++;
      if (depth > depthMax) return true;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      depth--;
    }
  }
  return false;
}
