/** One level of Graph's error object: the outermost first, then each innerError. */
export interface GraphErrorLevel {
  readonly code: string;
  readonly message: string;
  readonly requestId: string | null;
}

/** Seen: three levels. What lies deeper is not read. */
const LEVELS_MAX = 8;
const CODE_LENGTH_MAX = 64;
const MESSAGE_LENGTH_MAX = 300;

/** All levels of an error, of whatever shape it came; the key is spelt `innerError` or `innererror` (Graph's docs, errors). */
export function readGraphError(error: unknown): readonly GraphErrorLevel[] {
  const levels: GraphErrorLevel[] = [];
  let level = error;
  while (typeof level === 'object' && level !== null && levels.length < LEVELS_MAX) {
    const { code, message, innerError, innererror, 'request-id': requestId } = level as Record<string, unknown>;
    levels.push({
      code: boundText(textOf(code), CODE_LENGTH_MAX),
      message: boundMessage(textOf(message)),
      requestId: typeof requestId === 'string' ? boundText(requestId, CODE_LENGTH_MAX) : null,
    });
    level = innerError ?? innererror;
  }
  return levels;
}

/** Cut to 300 characters, well-formed, without control characters: it goes into Redis, and to people and their terminals. */
export function boundMessage(text: string): string {
  return boundText(text, MESSAGE_LENGTH_MAX);
}

/** As boundMessage, to another length. What was cut ends with a mark. */
export function boundText(text: string, length: number): string {
  const cut = text.length <= length ? text : `${text.slice(0, length - 1)}…`;
  return withoutControls(cut.toWellFormed());
}

/** As many characters; each line break, escape and the like has become a space. */
export function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}
