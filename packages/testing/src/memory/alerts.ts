/* What a person was told, or is being told, of states that need one. */
import { ALERT_TRIES_MAX, ALERTS_MAX, type AlertSighting } from '@sluice/core';
import type { Connection, Now, State } from './state.ts';

export interface Alert {
  readonly phase: 'beginning' | 'begun' | 'ending';
  /** Until then somebody tells it. */
  readonly untilMs: number;
  readonly tries: number;
}

const BEGUN: Alert = { phase: 'begun', untilMs: 0, tries: 0 };

export function sightAlert(
  { alerts }: State,
  { key, present, tellMs }: AlertSighting,
  now: Now,
): 'begin' | 'end' | 'none' {
  const alert = alerts.get(key);
  const { phase, untilMs, tries } = alert ?? { phase: 'none', untilMs: 0, tries: 0 };
  const tell = (as: 'beginning' | 'ending', tried: number) => {
    alerts.set(key, { phase: as, untilMs: now.ms + tellMs, tries: tried + 1 });
    return as === 'beginning' ? 'begin' : 'end';
  };
  if (phase !== 'begun' && untilMs > now.ms) return 'none';
  if (phase === 'none') return present && alerts.size < ALERTS_MAX ? tell('beginning', 0) : 'none';
  if (phase === 'begun') return present ? 'none' : tell('ending', 0);
  // Somebody was to tell it, and has not said that it did.
  const changed = present === (phase === 'ending');
  if (!changed && tries < ALERT_TRIES_MAX) return tell(phase, tries);
  if (present) alerts.set(key, BEGUN);
  else alerts.delete(key);
  return 'none';
}

export function alertTold({ alerts }: State, key: string): void {
  const phase = alerts.get(key)?.phase;
  if (phase === 'beginning') alerts.set(key, BEGUN);
  if (phase === 'ending') alerts.delete(key);
}

export function recentEnds({ settledEntries }: Connection, sinceMs: number, most: number): number {
  const of = (state: 'dead' | 'parked') =>
    settledEntries
      .filter((ended) => ended.state === state)
      .slice(-most)
      .filter(({ settledMs }) => settledMs >= sinceMs);
  return of('dead').length + of('parked').length;
}
