/* Bounds that are Graph's or the wire's, not settings. Each with its source. */

/** "Number of activities; this is the throttling threshold per activities call: 20" (learn.microsoft.com/graph/connecting-external-content-api-limits). */
export const CALL_ENTRIES_MAX = 20;
/** A piece of an append: 500 distinct items took Redis 4 to 5 ms, 5,000 took 50 ms (2 shared cores, Redis 7.0.15). */
export const PIECE_ENTRIES_MAX = 500;
/** Retry-After longer than this is believed only so far. */
export const CLOSE_MS_MAX = 24 * 3_600_000;
/** An item id: letters, digits, hyphen, underscore; never a path. Checked at accept and again before a URL is built. */
export const ITEM_ID = /^[A-Za-z0-9_-]{1,128}$/;
/** A connection id: Graph's own rule. */
export const CONNECTION_ID = /^[A-Za-z0-9]{3,32}$/;
/**
 * Ids that no connection can have: "cannot begin with Microsoft or be one of the following values"
 * (learn.microsoft.com/graph/api/resources/externalconnectors-externalconnection). In other letter case they are taken, because that is not said.
 */
export const RESERVED_CONNECTION_ID =
  /^(?:Microsoft.*|None|Directory|Exchange|ExchangeArchive|LinkedIn|Mailbox|OneDriveBusiness|SharePoint|Teams|Yammer|Connectors|TaskFabric|PowerBI|Assistant|TopicEngine)$/;
/** An Entra object id. */
export const OBJECT_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Entries a receipt lists by name (rejected, dead, parked). */
export const RECEIPT_ENTRIES_MAX = 100;
/** Dead letters looked at, replayed or discarded by one script: replaying 500 took Redis 12 ms (2 shared, busy cores, Redis 7.0.15), longer than others should wait. */
export const DEAD_LETTERS_CALL_MAX = 250;
