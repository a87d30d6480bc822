/* Graph's rules for the ids in a path. */

/** 3 to 32 letters and digits (externalConnection resource page). */
export const CONNECTION_ID = /^[A-Za-z0-9]{3,32}$/;
/** The documentation says alphanumeric, at most 128; Microsoft's own samples also use hyphens, and connectors in the field underscores. */
export const ITEM_ID = /^[A-Za-z0-9_-]{1,128}$/;
/** A tenant's GUID or one of its domain names. */
export const TENANT = /^[A-Za-z0-9][A-Za-z0-9.-]{0,127}$/;

const RESERVED = new Set(
  'None Directory Exchange ExchangeArchive LinkedIn Mailbox OneDriveBusiness SharePoint Teams Yammer Connectors TaskFabric PowerBI Assistant TopicEngine MSFT_All_Connectors'.split(
    ' ',
  ),
);

/** What is wrong with a connection id; null when nothing is. */
export function connectionIdProblem(id: string): string | null {
  if (!CONNECTION_ID.test(id)) return 'The connection id must be 3 to 32 letters and digits.';
  if (id.startsWith('Microsoft')) return "The connection id must not begin with 'Microsoft'.";
  return RESERVED.has(id) ? `The connection id '${id}' is reserved.` : null;
}

export function itemIdProblem(id: string): string | null {
  return ITEM_ID.test(id) ? null : 'The item id must be 1 to 128 letters, digits, hyphens and underscores.';
}
