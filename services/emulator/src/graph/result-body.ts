/* The body of a 200 or 207: a result for each activity, as in the documented example. */
import type { EntryError, ResultShape } from '../behavior/behavior.ts';
import type { SentActivity } from './check-activities.ts';
import type { ShapedResult } from './shape-results.ts';

export interface ResultInput {
  readonly version: string;
  readonly activities: readonly SentActivity[];
  readonly failing: ReadonlySet<number>;
  readonly entryError: EntryError;
  readonly shape: ResultShape;
  readonly results: readonly ShapedResult[];
}

const RESULT_TYPE = '#microsoft.graph.externalConnectors.externalActivityResult';

/** Nobody sends it: years before there was a Graph. */
const FOREIGN = { type: 'commented', startDateTime: '1999-12-31T23:59:59.999Z' };

export function formatResults({ version, activities, failing, entryError, shape, results }: ResultInput): string {
  const error = { code: entryError.code, message: entryError.message, target: null, details: [], innerError: null };
  const failed = failing.size === 0 ? '' : JSON.stringify(error);
  let text = '';
  for (const result of results) {
    const { type, startDateTime } = result.kind === 'of' ? activities[result.position]! : FOREIGN;
    const error = result.kind === 'of' && failing.has(result.position) ? failed : 'null';
    const instant = shape === 'normalised' ? normalise(startDateTime) : startDateTime;
    // Both were checked against patterns that leave nothing to escape.
    const echo = `"@odata.type":"${RESULT_TYPE}","type":"${type}","startDateTime":"${instant}",`;
    text += `${text === '' ? '' : ','}{${shape === 'nameless' ? '' : echo}"error":${error}}`;
  }
  const context = `https://graph.microsoft.com/${version}/$metadata#Collection(microsoft.graph.externalConnectors.externalActivityResult)`;
  return `{"@odata.context":"${context}","value":[${text}]}`;
}

/** The same instant as .NET writes it: seven digits of a fraction. */
function normalise(startDateTime: string): string {
  const [, seconds, fraction = '', zone] = /^(.{19})(?:\.(\d+))?(.*)$/.exec(startDateTime)!;
  return `${seconds}.${fraction.padEnd(7, '0')}${zone}`;
}
