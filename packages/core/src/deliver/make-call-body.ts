import { entryToGraphJson } from '../activity/entry.ts';

/** The body of one call. The entries must be readable (splitReadable); it is joined, not serialised: this runs for every call. */
export function makeCallBody(entries: readonly string[]): string {
  let members = '';
  for (const entry of entries) members += members === '' ? entryToGraphJson(entry) : `,${entryToGraphJson(entry)}`;
  return `{"activities":[${members}]}`;
}
