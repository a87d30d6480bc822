import { FLEET_SAMPLES_MAX, FLEET_SAMPLES_PAGE, type FleetHistoryStore } from '@sluice/core';
import type { Now, State } from './state.ts';

type Sample = Parameters<FleetHistoryStore['keepFleetSample']>[0];

export function keepFleetSample({ samples }: State, { text, apartMs }: Sample, now: Now): boolean {
  const { lastMs } = samples;
  if (lastMs !== null && now.ms - lastMs < apartMs) return false;
  samples.lastMs = now.ms;
  samples.texts.push(text);
  samples.texts.splice(0, Math.max(0, samples.texts.length - FLEET_SAMPLES_MAX));
  return true;
}

export function viewFleetSamples({ samples }: State, from: number): readonly string[] {
  return samples.texts.slice(from, from + FLEET_SAMPLES_PAGE);
}
