import type { ActivityStore, ConnectionView } from '@sluice/core';

/** Asked for at a time: many small commands in one flight, but not the whole list of a large Sluice. */
const READ_AT_ONCE = 100;

/** The views of these connections, in their order; one that is not known is left out. */
export async function readConnections(
  store: Pick<ActivityStore, 'connection'>,
  ids: readonly string[],
): Promise<readonly ConnectionView[]> {
  const views: ConnectionView[] = [];
  for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
    const some = await Promise.all(ids.slice(from, from + READ_AT_ONCE).map((id) => store.connection(id)));
    views.push(...some.filter((view) => view !== null));
  }
  return views;
}
