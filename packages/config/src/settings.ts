/* Every variable Sluice reads, one row each: the table that start-up, error messages and docs/configuration.md are made from. */
import { ACTIVITY_BYTES_MAX_MIN, CALL_ENTRIES_MAX, CONNECTION_ID } from '@sluice/core';
import { ACCESS_SETTINGS } from './access-settings.ts';
import { ALERT_SETTINGS } from './alert-settings.ts';
import { DURABILITIES } from './config.ts';
import { GRAPH_SETTINGS } from './graph-settings.ts';
import { REDIS_SETTINGS } from './redis-settings.ts';
import { bad, custom, decimal, flag, good, oneOf, type Setting, whole } from './setting.ts';

const DAY_MS = 86_400_000;

export const FILE_SETTINGS = {
  configFile: custom<string | null>({
    name: 'SLUICE_CONFIG',
    fallback: null,
    fallbackShown: 'none',
    rule: 'must be the path of a YAML file',
    meaning: 'The configuration file, described below: several tenants, settings of single connections, outcomes.',
    read: good,
  }),
} as const;

export const BASIC_SETTINGS = {
  shards: whole(
    'SLUICE_SHARDS',
    { min: 1, max: 64, fallback: 1 },
    'Parts that tenants are spread over, each tenant whole in one, so that a Redis Cluster works with more than one of its servers. Kept in Redis: another value ends the service (exit 78) while entries are stored.',
  ),
  connections: custom<'*' | readonly string[] | null>({
    name: 'SLUICE_CONNECTIONS',
    fallback: null,
    fallbackShown: '*',
    rule: 'must be * or connection ids separated by commas, each 3 to 32 letters and digits',
    meaning: 'The connections activities are taken for; with a list, any other is answered 404.',
    read: readConnections,
  }),
  connectionsMax: whole(
    'SLUICE_CONNECTIONS_MAX',
    { min: 1, max: 100_000, fallback: 1000 },
    'With SLUICE_CONNECTIONS=*: how many connections may come to be.',
  ),
  workerCallsMax: whole(
    'SLUICE_WORKER_CALLS_MAX',
    { min: 1, max: 1000, fallback: 100 },
    'Calls in flight in one worker process.',
  ),
  performerIds: oneOf(
    'SLUICE_PERFORMER_IDS',
    ['object-id', 'any'],
    'object-id',
    'object-id: performedBy.id of a user or group must be an Entra object id. any: it is not checked.',
  ),
} as const;

export const CONNECTION_SETTINGS = {
  lingerMs: whole(
    'SLUICE_LINGER_MS',
    { min: 0, max: 3_600_000, fallback: 1000 },
    "How long an item's oldest entry waits for company. An item with a full call does not wait.",
  ),
  batchEntriesMax: whole(
    'SLUICE_BATCH_MAX',
    { min: 1, max: CALL_ENTRIES_MAX, fallback: CALL_ENTRIES_MAX },
    'Entries in one call.',
  ),
  ageBoundMs: whole(
    'SLUICE_AGE_BOUND_MS',
    { min: 0, max: 30 * DAY_MS, fallback: 60_000 },
    'Entries older than this go first, whether their call is full or not.',
  ),
  inFlightMax: whole(
    'SLUICE_INFLIGHT_MAX',
    { min: 1, max: 1000, fallback: 20 },
    'Calls in flight for one connection, all workers together. Failures (5xx, reset, timeout) lower it, answers raise it again.',
  ),
  rateInitial: decimal(
    'SLUICE_RATE_INITIAL',
    { min: 0.01, max: 10_000, fallback: 20 },
    'Calls a second to a connection nothing is known about yet; the rate is learned from there.',
  ),
  rateMax: decimal(
    'SLUICE_RATE_MAX',
    { min: 0.01, max: 10_000, fallback: null },
    'Calls a second that are never exceeded, whatever was learned.',
  ),
  probeBudget: decimal(
    'SLUICE_PROBE_BUDGET',
    { min: 0, max: 0.5, fallback: 0.006 },
    'Share of the quota that looking for a higher limit may cost.',
  ),
  quotaShare: decimal(
    'SLUICE_QUOTA_SHARE',
    { min: 0.05, max: 1, fallback: 1 },
    "Part of the learned quota that is used. The limit is shared with everything else the app sends, such as a connector's item crawl.",
  ),
  retryAttemptsMax: whole(
    'SLUICE_RETRY_ATTEMPTS_MAX',
    { min: 1, max: 1000, fallback: 10 },
    'Counted attempts before an entry becomes a dead letter.',
  ),
  retryAgeMaxMs: whole(
    'SLUICE_RETRY_AGE_MAX_MS',
    { min: 1000, max: 365 * DAY_MS, fallback: DAY_MS },
    'Time from the first counted attempt before an entry becomes a dead letter; it stands still while the connection is stopped.',
  ),
  retryBaseMs: whole(
    'SLUICE_RETRY_BASE_MS',
    { min: 1, max: 3_600_000, fallback: 1000 },
    'The first retry waits up to this; each further one up to twice as long.',
  ),
  retryCapMs: whole('SLUICE_RETRY_CAP_MS', { min: 1, max: DAY_MS, fallback: 300_000 }, 'No retry waits longer.'),
  unknownPolicy: oneOf(
    'SLUICE_UNKNOWN_POLICY',
    ['retry', 'park'],
    'retry',
    'What happens to entries whose call may or may not have been applied: retry (perhaps delivered twice) or park (left to you).',
  ),
  viewedAgeMaxMs: whole(
    'SLUICE_VIEWED_AGE_MAX_MS',
    { min: 1000, max: 3650 * DAY_MS, fallback: null },
    'A viewed activity whose startDateTime is longer ago when its turn comes is not worth a call: it expires, and is counted.',
  ),
  pendingMax: whole(
    'SLUICE_PENDING_MAX',
    { min: 1, max: 1_000_000_000, fallback: 5_000_000 },
    'Entries waiting for one connection; beyond it the intake answers 503.',
  ),
  deadLettersMax: whole(
    'SLUICE_DEAD_LETTERS_MAX',
    { min: 1, max: 1_000_000_000, fallback: 1_000_000 },
    'Dead letters of one connection; at that many the connection is held.',
  ),
  callTimeoutMs: whole(
    'SLUICE_CALL_TIMEOUT_MS',
    { min: 100, max: 600_000, fallback: 20_000 },
    'Longest time for one call to Graph.',
  ),
  leaseMs: whole(
    'SLUICE_LEASE_MS',
    { min: 5100, max: 3_600_000, fallback: 30_000 },
    'After this time the entries of a call are given to another worker; at least SLUICE_CALL_TIMEOUT_MS + 5000.',
  ),
} as const;

export const INTAKE_SETTINGS = {
  durability: oneOf(
    'SLUICE_DURABILITY',
    DURABILITIES,
    'fsync-1s',
    'The least that a 202 may promise; while Redis gives less, the intake answers 503. unknown < memory < fsync-1s < fsync < replicated; with replicated each answer waits for a replica.',
  ),
  durabilityAssume: oneOf(
    'SLUICE_DURABILITY_ASSUME',
    DURABILITIES,
    null,
    'What you vouch for where a managed Redis hides its settings.',
  ),
  receiptsMax: whole(
    'SLUICE_RECEIPTS_MAX',
    { min: 1, max: 100_000_000, fallback: 1_000_000 },
    'Receipts that are kept; beyond it the oldest go first.',
  ),
  receiptTtlMs: whole(
    'SLUICE_RECEIPT_TTL_MS',
    { min: 1000, max: 365 * DAY_MS, fallback: DAY_MS },
    'How long a receipt is kept after its last entry is final.',
  ),
  idempotencyMax: whole(
    'SLUICE_IDEMPOTENCY_MAX',
    { min: 4, max: 100_000_000, fallback: 1_000_000 },
    'Idempotency-Keys that are remembered, each for 24 hours and 43 bytes of Redis; beyond it the oldest quarter goes.',
  ),
  dedupe: oneOf(
    'SLUICE_DEDUPE',
    ['id', 'content', 'off'],
    'id',
    'id: the same id on the same item is accepted once. content: an activity without id has one made of item, type, time and performer. off: an id counts only within one JSON body.',
  ),
  dedupeWindowMs: whole(
    'SLUICE_DEDUPE_WINDOW_MS',
    { min: 1000, max: 365 * DAY_MS, fallback: DAY_MS },
    'How long an id is remembered: at least this, at most half as long again.',
  ),
  dedupeMax: whole(
    'SLUICE_DEDUPE_MAX',
    { min: 1, max: 1_000_000_000, fallback: 20_000_000 },
    'Ids that are remembered; beyond it the oldest quarter is forgotten, which shortens the window.',
  ),
  bodyBytesMax: whole(
    'SLUICE_BODY_BYTES_MAX',
    { min: 1024, max: 67_108_864, fallback: 4_194_304 },
    'Largest JSON body, in decoded bytes; 413 beyond it.',
  ),
  requestActivitiesMax: whole(
    'SLUICE_REQUEST_ACTIVITIES_MAX',
    { min: 1, max: 50_000, fallback: 5000 },
    'Most activities in one JSON body; 413 beyond it.',
  ),
  activityBytesMax: whole(
    'SLUICE_ACTIVITY_BYTES_MAX',
    { min: ACTIVITY_BYTES_MAX_MIN, max: 65_536, fallback: 4096 },
    'Largest activity, in bytes of JSON without white space.',
  ),
} as const;

export const SERVICE_SETTINGS = {
  port: custom<number | null>({
    name: 'PORT',
    fallback: null,
    fallbackShown: 'intake 8080, console 8081, emulator 8090, worker 9464',
    rule: 'must be a whole number from 0 to 65535',
    meaning: 'Where this service listens; 0 takes a free port.',
    read: (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? good(Number(text)) : bad()),
  }),
  bind: custom<string | null>({
    name: 'SLUICE_BIND',
    fallback: null,
    fallbackShown: 'HOST, else 127.0.0.1',
    rule: 'must be an IP address or a host name',
    meaning: 'The address this service listens on.',
    read: readBind,
  }),
  host: custom<string | null>({
    name: 'HOST',
    fallback: null,
    fallbackShown: '127.0.0.1',
    rule: 'must be an IP address or a host name',
    meaning: 'The same as SLUICE_BIND, which beats it.',
    read: readBind,
  }),
  allowAnonymous: flag(
    'SLUICE_ALLOW_ANONYMOUS',
    '1 lets the intake and the console listen beyond this machine without any key: everybody who reaches them may use them.',
  ),
  shutdownMs: whole(
    'SLUICE_SHUTDOWN_MS',
    { min: 0, max: 600_000, fallback: 25_000 },
    'Longest time from SIGTERM to the exit.',
  ),
  dataDir: custom<string>({
    name: 'SLUICE_DATA_DIR',
    fallback: '.sluice',
    fallbackShown: '.sluice',
    rule: 'must be a path',
    meaning: 'Folder of the embedded Redis, the emulator and addresses.json.',
    read: good,
  }),
  logLevel: oneOf(
    'LOG_LEVEL',
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    'info',
    'Least level that is logged.',
  ),
} as const;

/** The table in the order of the documentation. */
export const SETTING_GROUPS: readonly { readonly title: string; readonly settings: readonly Setting<unknown>[] }[] = [
  {
    title: 'Redis and connections',
    settings: [...Object.values(REDIS_SETTINGS), ...Object.values(BASIC_SETTINGS), ...Object.values(FILE_SETTINGS)],
  },
  { title: 'Microsoft Graph', settings: Object.values(GRAPH_SETTINGS) },
  { title: 'Delivery, per connection', settings: Object.values(CONNECTION_SETTINGS) },
  { title: 'Intake', settings: Object.values(INTAKE_SETTINGS) },
  { title: 'Who may ask, and https', settings: Object.values(ACCESS_SETTINGS) },
  { title: 'Alerts without Alertmanager', settings: Object.values(ALERT_SETTINGS) },
  { title: 'Every service', settings: Object.values(SERVICE_SETTINGS) },
];

function readConnections(text: string) {
  if (text === '*') return good('*' as const);
  const ids = [...new Set(text.split(',').map((id) => id.trim()))].filter((id) => id !== '');
  const wrong = ids.find((id) => !CONNECTION_ID.test(id));
  if (wrong !== undefined) return bad(`"${wrong.slice(0, 64)}" is not a connection id: 3 to 32 letters and digits`);
  return ids.length === 0 ? bad() : good(ids);
}

function readBind(text: string) {
  return /^[A-Za-z0-9]([A-Za-z0-9._-]{0,252})$/.test(text) || /^[0-9A-Fa-f:.]{2,45}$/.test(text) ? good(text) : bad();
}
