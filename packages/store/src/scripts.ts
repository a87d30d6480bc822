/* Loads the scripts with the pieces they use. A piece is a function or two, named after its file; the order is a piece after those it uses. */
import { readFileSync } from 'node:fs';

export const SCRIPT_NAMES = [
  'append',
  'take',
  'settle',
  'learn',
  'sweep',
  'pause',
  'receipt',
  'ended-receipts',
  'keyed-receipt',
  'connections',
  'tenant',
  'dead-letters',
  'erase',
  'close-gaps',
  'fleet-notes',
  'note-credential',
  'alert',
  'worker-beats',
  'tail',
  'checkup',
  'recent-ends',
  'note-trace',
  'traces',
  'settled-calls',
  'unknown-calls',
  'items',
  'item',
  'now',
  'shards',
  'charge',
  'session',
  'forget',
  'fleet-history',
  'erasure-notes',
] as const;
export type ScriptName = (typeof SCRIPT_NAMES)[number];

const PIECES: Readonly<Record<ScriptName, readonly string[]>> = {
  append: ['clock', 'columns', 'item-index', 'promise', 'generations', 'remembered', 'keyed', 'receipt', 'tailed'],
  take: [
    'clock',
    'columns',
    'item-index',
    'promise',
    'bucket',
    'tenant',
    'awake',
    'receipt',
    'told',
    'returns',
    'erasing',
    'expire',
    'pick',
  ],
  settle: [
    'clock',
    'columns',
    'item-index',
    'promise',
    'bucket',
    'tenant',
    'awake',
    'receipt',
    'told',
    'returns',
    'settle-call',
  ],
  learn: ['clock', 'bucket'],
  sweep: ['clock', 'promise'],
  pause: ['clock', 'promise', 'settle-call'],
  receipt: ['clock', 'columns'],
  'ended-receipts': [],
  'keyed-receipt': ['clock', 'columns', 'generations', 'keyed'],
  connections: ['clock', 'columns', 'item-index'],
  tenant: [],
  'dead-letters': ['clock', 'columns', 'item-index', 'promise', 'settle-call', 'ended'],
  erase: [
    'clock',
    'columns',
    'item-index',
    'promise',
    'receipt',
    'told',
    'returns',
    'settle-call',
    'ended',
    'erasing',
    'erase-walk',
  ],
  'close-gaps': [],
  'fleet-notes': ['clock'],
  'note-credential': [],
  alert: ['clock'],
  'worker-beats': ['clock'],
  tail: ['clock'],
  checkup: [],
  'recent-ends': [],
  'note-trace': [],
  traces: [],
  'settled-calls': [],
  'unknown-calls': [],
  items: ['clock', 'columns', 'item-index'],
  item: ['clock'],
  now: ['clock'],
  shards: [],
  charge: ['clock'],
  session: ['clock'],
  forget: ['columns', 'item-index', 'receipt', 'discard-pending'],
  'fleet-history': ['clock'],
  'erasure-notes': ['clock'],
};

/**
 * Scripts that give memory back, or are needed before any can be given back: they run on a Redis that is at its maxmemory as
 * well. Were they refused there, nothing would ever leave it; and whoever is to mend it could neither be told, nor sign in,
 * nor see who works. Needs Redis 7 or later.
 */
const ALSO_WHEN_FULL: ReadonlySet<ScriptName> = new Set([
  'take',
  'settle',
  'learn',
  'sweep',
  'pause',
  'dead-letters',
  'erase',
  'forget',
  'shards',
  'session',
  'worker-beats',
  'tail',
  'alert',
]);

/** How many KEYS a script takes. */
export const KEY_COUNTS: Readonly<Record<ScriptName, number>> = {
  append: 2,
  take: 3,
  settle: 3,
  learn: 1,
  sweep: 1,
  pause: 2,
  receipt: 1,
  'ended-receipts': 1,
  'keyed-receipt': 1,
  connections: 1,
  tenant: 1,
  'dead-letters': 2,
  erase: 2,
  'close-gaps': 1,
  'fleet-notes': 1,
  'note-credential': 1,
  alert: 1,
  'worker-beats': 1,
  tail: 1,
  checkup: 1,
  'recent-ends': 1,
  'note-trace': 1,
  traces: 1,
  'settled-calls': 1,
  'unknown-calls': 1,
  items: 1,
  item: 1,
  now: 1,
  shards: 1,
  charge: 1,
  session: 1,
  forget: 2,
  'fleet-history': 1,
  'erasure-notes': 1,
};

/** The text of a script alone, as its author wrote it. */
export function readScript(name: ScriptName): string {
  return readFileSync(new URL(`./scripts/${name}.lua`, import.meta.url), 'utf8');
}

/**
 * The text that Redis runs. `clock` replaces the piece that reads Redis's time: only a test that moves time itself passes it.
 */
export function loadScript(name: ScriptName, clock?: string): string {
  const pieces = PIECES[name].map((piece) =>
    piece === 'clock' && clock !== undefined
      ? clock
      : readFileSync(new URL(`./scripts/includes/${piece}.lua`, import.meta.url), 'utf8'),
  );
  const flags = ALSO_WHEN_FULL.has(name) ? ['#!lua flags=allow-oom'] : [];
  return [...flags, ...pieces, readScript(name)].join('\n');
}
