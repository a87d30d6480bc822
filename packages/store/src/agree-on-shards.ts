/*
  The number of shards is kept in Redis by whoever comes first, and everybody who comes later must mean the same: a process that
  looked for entries elsewhere would leave them lying. It may change when there are none. Nothing is read or written before
  this is known, and a process that is of another mind must end.
*/
import type { RunScript } from './client.ts';
import { connectionsBase, shardBase } from './keys.ts';
import type { Place } from './place.ts';
import { type ConnectionReply, readConnection, VIEW_FIELDS } from './read-connection.ts';
import { SHARD_TAGS } from './shard-tags.ts';

/** Wrong configuration; the message is for the operator, whole. */
export class ShardsDiffer extends Error {
  override readonly name = 'ShardsDiffer';
  readonly exitCode = 78;
}

export interface AgreeParts {
  readonly run: RunScript;
  /** The number that is kept; null: none yet. */
  readonly kept: () => Promise<string | null>;
  readonly connectionIds: (tag: string) => Promise<readonly string[]>;
  readonly place: Place;
}

const CONNECTIONS_A_CALL = 100;
const NAMES_SHOWN_MAX = 5;

/** Rejects with ShardsDiffer, or because Redis does not answer: then it can be asked again. */
export async function agreeOnShards(parts: AgreeParts): Promise<void> {
  const count = parts.place.tags.length;
  // Nothing is written where it is kept already: a replica may be looked at, and most starts are not the first.
  const kept = await parts.kept();
  const before = kept === null ? await keepCount(parts.run, count, 0) : Number(kept);
  if (before === count) return;
  const held = await findHeld(parts, SHARD_TAGS.slice(0, Math.max(before, count)));
  if (held.length > 0) {
    throw new ShardsDiffer(
      `SLUICE_SHARDS is ${count}, but what is stored lies in ${before}: ${describe(held)}. ` +
        `Set it to ${before}. It can be changed when nothing is pending, dead or parked any more and every service has been stopped.`,
    );
  }
  const now = await keepCount(parts.run, count, before);
  if (now !== count) throw changedMeanwhile(count, now);
}

export function changedMeanwhile(count: number, now: number): ShardsDiffer {
  return new ShardsDiffer(
    `SLUICE_SHARDS is ${count}, but another service has begun with ${now}. Start every service with the same number.`,
  );
}

async function keepCount(run: RunScript, count: number, replaces: number): Promise<number> {
  return Number(await run('shards', [shardBase()], [count, replaces]));
}

interface Held {
  readonly connectionId: string;
  readonly shard: number;
  readonly entries: number;
}

/** The connections that hold entries, by the shard they lie in. */
async function findHeld({ run, connectionIds }: AgreeParts, tags: readonly string[]): Promise<readonly Held[]> {
  const held: Held[] = [];
  for (const tag of tags) {
    const shard = SHARD_TAGS.indexOf(tag);
    const ids = await connectionIds(tag);
    for (let from = 0; from < ids.length; from += CONNECTIONS_A_CALL) {
      const some = ids.slice(from, from + CONNECTIONS_A_CALL);
      const reply = await run('connections', [connectionsBase(tag)], [...VIEW_FIELDS, ...some]);
      const [nowMs, ...views] = reply as readonly [number, ...ConnectionReply[]];
      for (const [n, raw] of views.entries()) {
        const view = readConnection(some[n]!, nowMs, raw);
        const entries = view === null ? 0 : view.pending + view.deadLetters + view.parkedEntries;
        if (entries > 0) held.push({ connectionId: some[n]!, shard, entries });
      }
    }
  }
  return held;
}

/**
 * A connection that another tenant has now, or a tenant that has another name, is looked for in another shard. Answers when a
 * shard has entries of such a one. Nobody waits for it, and a shard that does not answer keeps nobody from using the others.
 */
export async function findMisplaced(parts: AgreeParts): Promise<ShardsDiffer | null> {
  const looks = parts.place.tags.map((tag) => findHeld(parts, [tag]).catch(() => []));
  const held = (await Promise.all(looks)).flat();
  const lost = held.filter(({ connectionId, shard }) => !parts.place.belongsIn(connectionId, shard));
  if (lost.length === 0) return null;
  return new ShardsDiffer(
    `With the names that tenants have now, entries would be looked for in another shard than the one they lie in: ${describe(lost)}. ` +
      'Give these connections the tenant, and the tenant the name, that they had, until nothing of them is pending, dead or parked any more.',
  );
}

function describe(held: readonly Held[]): string {
  const entries = held.reduce((sum, one) => sum + one.entries, 0);
  const names = held.slice(0, NAMES_SHOWN_MAX).map(({ connectionId }) => connectionId);
  const more = held.length - names.length;
  return `${entries} entries of ${names.join(', ')}${more > 0 ? ` and ${more} more connections` : ''}`;
}
