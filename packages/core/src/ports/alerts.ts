/*
  Alerts: what a person was told of a state that needs one. Kept in the store, so that of several consoles that see the same
  one tells it, once when it begins and once when it ends. Who is to tell has a while for it; when it has not said by then that
  it did, another one is asked. After ALERT_TRIES_MAX times a beginning counts as told, an end as well: nobody listens.
*/

export interface AlertSighting {
  /** What and whose: 1 to 128 characters; the same state has the same key in every console. */
  readonly key: string;
  readonly present: boolean;
  /** How long who is asked to tell has for it. */
  readonly tellMs: number;
}

export const ALERT_TRIES_MAX = 10;
/** Of states that are there at the same time; more are not told. */
export const ALERTS_MAX = 5000;

export interface AlertStore {
  /** begin, end: the caller is to tell it, and nobody else meanwhile. none: there is nothing to tell. */
  sightAlert(sighting: AlertSighting): Promise<'begin' | 'end' | 'none'>;
  /** It was told. */
  alertTold(key: string): Promise<void>;
  /** The keys of what began and has not ended. */
  alertKeys(): Promise<readonly string[]>;
  /** How many of the dead letters and parked entries that are kept ended at sinceMs or later; at most `most` of each kind are counted. */
  recentEnds(request: {
    readonly connectionId: string;
    readonly sinceMs: number;
    readonly most: number;
  }): Promise<number>;
}
