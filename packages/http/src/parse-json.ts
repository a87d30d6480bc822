/* Bytes to a JSON value, refusing what JSON.parse would let through or change in silence. */
import { isUtf8 } from 'node:buffer';
import parse from 'secure-json-parse';
import { checkShape, type ShapeLimits, type ShapeProblem } from './check-shape.ts';
import { httpProblem, type Problem, ProblemError } from './problem.ts';

/** Throws a ProblemError; its texts never quote the body. */
export function parseJson(body: Buffer, limits: ShapeLimits): unknown {
  if (body.length === 0) throw new ProblemError(httpProblem('body_empty'));
  // JSON.parse of a decoded string would show U+FFFD in place of each wrong byte, and the wrong name would be delivered.
  if (!isUtf8(body)) throw new ProblemError(httpProblem('body_not_utf8'));
  const shape = checkShape(body, limits);
  if (shape !== null) throw new ProblemError(describeShape(shape, limits));
  try {
    return parse(body.toString('utf8'), { protoAction: 'error', constructorAction: 'error' });
  } catch (error) {
    throw new ProblemError(describe(error));
  }
}

function describeShape(problem: ShapeProblem, limits: ShapeLimits): Problem {
  const { depthMax, membersMax, valuesMax } = limits;
  if (problem === 'deep') return httpProblem('body_too_deep', `Objects and lists may be nested ${depthMax} deep.`);
  const most =
    problem === 'wide' ? `An object may have ${membersMax} members.` : `A body may have ${valuesMax} values.`;
  return httpProblem('body_too_complex', most);
}

function describe(error: unknown): Problem {
  const text = error instanceof Error ? error.message : '';
  if (text.includes('forbidden prototype')) return httpProblem('body_member_forbidden');
  const position = /at position (\d+)/.exec(text)?.[1];
  return httpProblem(
    'body_not_json',
    position && `The body is not valid JSON: something is wrong at character ${position}.`,
  );
}

const CHARSET = /;\s*charset\s*=\s*("?)([^\s;"]*)\1/gi;

/** Whether every charset that a Content-Type names is utf-8; naming none is utf-8. */
export function isCharsetUtf8(contentType: string): boolean {
  if (!contentType.includes(';')) return true;
  for (const [, , charset] of contentType.matchAll(CHARSET)) {
    if (charset?.toLowerCase() !== 'utf-8' && charset?.toLowerCase() !== 'utf8') return false;
  }
  return true;
}
