/* deliver: makes a reply of what came over the wire. The JSON is parsed here, once; what it means is the outcome's affair. */
import type { BodyProblem, Reply } from '@sluice/core';
import type { HeldToken } from '../tokens/token-keeper.ts';
import type { PostAnswer } from './exchange.ts';

const EXCERPT_LENGTH_MAX = 512;
const BYTE_ORDER_MARK = '\uFEFF';
/** Graph's is a GUID. */
const REQUEST_ID_LENGTH_MAX = 128;

export function readAnswer(
  answer: PostAnswer,
  { token, durationMs }: { readonly token: HeldToken; readonly durationMs: number },
): Reply {
  if (answer.kind === 'failed') return { ...answer, durationMs };
  const { status, headers } = answer;
  const taken = status >= 200 && status < 300;
  const isPage = answer.text.startsWith('<');
  const text = taken && !isPage ? answer.text : hideToken(answer.text, token);
  const { body, problem } = parseBody(text, answer.problem);
  return {
    kind: 'answered',
    status,
    headers: {
      retryAfter: firstOf(headers['retry-after']),
      date: firstOf(headers['date']),
      requestId: firstOf(headers['request-id'])?.slice(0, REQUEST_ID_LENGTH_MAX) ?? null,
      wwwAuthenticate: firstOf(headers['www-authenticate']),
    },
    body,
    bodyProblem: problem,
    // The results of a 2xx name activities, and perhaps who performed them: of those nothing is shown, only of a page.
    bodyExcerpt: !taken || isPage ? text.slice(0, EXCERPT_LENGTH_MAX) : '',
    durationMs,
  };
}

function parseBody(
  text: string,
  problem: BodyProblem | null,
): { readonly body: unknown; readonly problem: BodyProblem | null } {
  if (problem !== null) return { body: undefined, problem };
  if (text === '') return { body: undefined, problem: 'empty' };
  try {
    // RFC 8259 lets a reader pass over a byte order mark, which some servers write.
    return { body: JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text), problem: null };
  } catch {
    return { body: undefined, problem: 'not-json' };
  }
}

/** A proxy's error page may show the request it did not like. */
function hideToken(text: string, { bearer }: HeldToken): string {
  return text.replaceAll(bearer.slice('Bearer '.length), '[token]');
}

/** A header that came several times is read once. */
function firstOf(value: string | readonly string[] | undefined): string | null {
  return (typeof value === 'string' ? value : value?.[0]) ?? null;
}
