/* A Sluice of one test that delivers to the second Graph; the emulator that comes with it is called by nobody. */
import type { ConnectionView } from '@sluice/core';
import { openStore } from '../conservation.ts';
import { type System, startSystem } from '../start-system.ts';
import { type Answer, type Call, type SecondGraph, serveSecondGraph } from './serve.ts';

export interface SecondSystem {
  readonly graph: SecondGraph;
  readonly system: System;
  views(connections: readonly string[]): Promise<readonly (ConnectionView | null)[]>;
}

export interface SecondOptions {
  readonly answer: (call: Call) => Answer;
  readonly env?: Readonly<Record<string, string>>;
  readonly workers?: number;
}

export async function withSecondGraph(
  { answer, env = {}, workers = 2 }: SecondOptions,
  run: (scene: SecondSystem) => Promise<void>,
): Promise<void> {
  const graph = await serveSecondGraph(answer);
  const places = { GRAPH_BASE_URL: graph.url, GRAPH_TOKEN_URL: graph.tokenUrl };
  let system: System | null = null;
  try {
    system = await startSystem({ workers, env: { ...places, ...env } });
    const store = openStore(system);
    try {
      await run({ graph, system, views: (connections) => Promise.all(connections.map((id) => store.connection(id))) });
    } finally {
      await store.close();
    }
  } finally {
    await system?.stop();
    await graph.close();
  }
}

/** Chance from a seed (mulberry32), so that a run can be repeated as far as the order of calls is the same. */
export function seededChance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
