/* What can be found out about the store itself, for whoever sets it up: facts, not verdicts. */

export interface StoreCheckup {
  /** Of the servers that hold shards; answers within a few seconds, or says why the first of them cannot be reached. */
  look(): Promise<StoreLook>;
}

/** What one server says of itself. */
export interface ServerLook {
  readonly kind: 'reached';
  readonly product: 'Redis' | 'Valkey';
  /** Null, here and below: this user may not ask, or the server does not say. */
  readonly version: string | null;
  readonly policy: string | null;
  readonly bytesMax: number | null;
  readonly usedBytes: number | null;
  readonly appendOnly: string | null;
  readonly appendFsync: string | null;
  /** The last write to the append-only file went wrong. */
  readonly appendOnlyBroken: boolean;
  readonly replicas: number | null;
  /** Commands that Sluice's scripts use and that this user may not. */
  readonly refused: readonly string[];
  /** What writing says, when it goes wrong: read-only replica, out of memory. */
  readonly writeError: string | null;
}

export interface Away {
  readonly kind: 'away';
  readonly message: string;
}

export type StoreLook =
  | (ServerLook & {
      /** In how many shards lies what is stored; null: nothing ever was, or it cannot be read. */
      readonly shards: number | null;
      /** Round trips, shortest first. */
      readonly roundTripsMs: readonly number[];
      /** Its clock and ours at the middle of the shortest round trip. */
      readonly clock: { readonly theirsMs: number; readonly oursMs: number };
      /** Of a Cluster, the other servers that hold shards; settings and users are a server's own. */
      readonly others: readonly OtherServer[];
    })
  | Away;

export interface OtherServer {
  /** Its address, and the shards that lie on it. */
  readonly where: string;
  readonly look: ServerLook | Away;
}
