/** What a caller sends: who did what to an item, and when. Source: Graph's externalActivity (v1.0). */
export interface Activity {
  readonly type: ActivityType;
  /** startDateTime as milliseconds since 1970-01-01T00:00:00Z; years 0001 to 9999, so it may be negative. */
  readonly startMs: number;
  readonly performedBy: Performer;
}

/** Graph's externalActivityType without its sentinel `unknownFutureValue`. */
export type ActivityType = 'viewed' | 'modified' | 'created' | 'commented';
export const ACTIVITY_TYPES: readonly ActivityType[] = ['viewed', 'modified', 'created', 'commented'];

/** Graph's externalConnectors.identity. `id` is an Entra object id for user and group. */
export interface Performer {
  readonly type: PerformerType;
  readonly id: string;
}

export type PerformerType = 'user' | 'group' | 'externalGroup';
export const PERFORMER_TYPES: readonly PerformerType[] = ['user', 'group', 'externalGroup'];
