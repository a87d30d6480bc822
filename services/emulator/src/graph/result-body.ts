/* The body of a 200 or 207: a result for each activity, as in the documented example. */
import type { EntryError } from '../behavior/behavior.ts';
import type { SentActivity } from './check-activities.ts';

export interface ResultInput {
  readonly version: string;
  readonly activities: readonly SentActivity[];
  readonly failing: ReadonlySet<number>;
  readonly entryError: EntryError;
  /** The order of the results: positions in the call. */
  readonly order: readonly number[];
}

const RESULT_TYPE = '#microsoft.graph.externalConnectors.externalActivityResult';

export function formatResults({ version, activities, failing, entryError, order }: ResultInput): string {
  const error = { code: entryError.code, message: entryError.message, target: null, details: [], innerError: null };
  const failed = failing.size === 0 ? '' : JSON.stringify(error);
  let results = '';
  for (const position of order) {
    const { type, startDateTime } = activities[position]!;
    // Both were checked against patterns that leave nothing to escape.
    results += `${results === '' ? '' : ','}{"@odata.type":"${RESULT_TYPE}","type":"${type}","startDateTime":"${startDateTime}","error":${failing.has(position) ? failed : 'null'}}`;
  }
  const context = `https://graph.microsoft.com/${version}/$metadata#Collection(microsoft.graph.externalConnectors.externalActivityResult)`;
  return `{"@odata.context":"${context}","value":[${results}]}`;
}
