/* Wires a worker: batch, deliver, outcome and settle for the connections whose drains it is given. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, connectionSettings, shardSettings } from '@sluice/config';
import type { Lease } from '@sluice/core';
import type { WatchedStore } from '@sluice/http';
import { openWakeups, startDrains, type Wakeups } from '@sluice/scheduler';
import { openRedisStore, type RedisStore } from '@sluice/store';
import { type Logger, limitLogs, type Metrics, type Tracing } from '@sluice/telemetry';
import { boundedCalls } from './calls.ts';
import { deliverBatch } from './deliver-batch.ts';
import { drainConnection } from './drain-connection.ts';
import { learnOnce } from './learn.ts';
import { noteCredentials } from './note-credentials.ts';
import { noteWorkerAlive } from './note-worker.ts';
import { observeDelivery } from './observe-delivery.ts';
import { openConnections } from './open-connections.ts';
import { openSenders } from './open-senders.ts';
import { tallyConnections } from './tally-connections.ts';
import { traceCalls } from './trace-calls.ts';

export interface WorkerParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Of this program; told to whoever asks who works. */
  readonly version?: string;
  /** Absent or null: nothing is traced. */
  readonly tracing?: Tracing;
  /** The store cannot be used, and never will be: this process is set up for another one. */
  readonly onUnusable?: (error: Error & { readonly exitCode: number }) => void;
  /** Only for tests that lose wake-ups on purpose. */
  readonly wrapWakeups?: (wakeups: Wakeups) => Wakeups;
}

export interface RunningWorker {
  /** Whether Redis answers, and how safely it keeps things. */
  readonly store: WatchedStore;
  /** Takes nothing new, waits for the calls in flight until withinMs, settles them, closes. */
  stop(withinMs: number): Promise<void>;
}

/** Left for the settlement after the call's own deadline. */
const SETTLE_MARGIN_MS = 1000;

function openStore({ config, onUnusable }: WorkerParts, onError: (error: unknown) => void): RedisStore {
  return openRedisStore({
    ...config.redis,
    shards: shardSettings(config),
    role: 'worker',
    onError,
    ...(onUnusable && { onUnusable }),
  });
}

export function startWorker(parts: WorkerParts): RunningWorker {
  const { config, logger, metrics, version = '', tracing = null, wrapWakeups } = parts;
  const onError = limitLogs(logger, 'worker error');
  const workerId = randomUUID();
  const store = openStore(parts, onError);
  const opened = openWakeups({ store, onError });
  const wakeups = wrapWakeups === undefined ? opened : wrapWakeups(opened);
  const senders = openSenders(config);
  const tally = tallyConnections({ logger, clock: () => performance.now() });
  const calls = boundedCalls(config.workerCallsMax);
  const learn = learnOnce(store, (connectionId) => {
    const inForce = connectionSettings(config, connectionId);
    if (inForce === null) return null;
    const { tenant, settings } = inForce;
    return { quota: settings.quota, tenantId: tenant.name, tenantQuota: tenant.settings.quota };
  });
  const leaseEnds = new WeakMap<Lease, number>();
  const connectionOf = openConnections({
    config,
    senders,
    store,
    learn,
    wake: wakeups.wake,
    chance: Math.random,
    pause: (ms) => sleep(ms),
    onError,
    observe: observeDelivery({ metrics, logger, tally, clock: Date.now }),
    deadlineOf: (lease) => (leaseEnds.get(lease) ?? 0) - SETTLE_MARGIN_MS,
  });
  const traced = traceCalls(tracing, store);
  const credentials = noteCredentials({ tenants: config.tenants, store, onError });
  const alive = noteWorkerAlive({
    store,
    beat: () => ({ id: workerId, version, host: hostname().slice(0, 100), callsInFlight: calls.inFlight }),
    onError,
  });
  let stopping = false;

  async function take(connectionId: string) {
    const { takeSettings } = connectionOf(connectionId);
    const begun = performance.now();
    const taken = await store.take({ ...takeSettings, connectionId, leaseId: randomUUID() });
    if (taken.status === 'leased') leaseEnds.set(taken, begun + takeSettings.leaseMs);
    await learn(connectionId, taken);
    return taken;
  }

  const drainParts = {
    take,
    deliver: (connectionId: string, lease: Lease) =>
      deliverBatch(connectionId, lease, traced(connectionOf(connectionId).deliver)).catch(onError),
    wake: wakeups.wake,
    spread: wakeups.spread,
    calls,
    stopping: () => stopping,
    sleep: (ms: number) => sleep(ms),
    clock: () => performance.now(),
  };
  const drains = startDrains({
    store,
    wakeups,
    drain: (connectionId) => drainConnection(connectionId, drainParts).catch(onError),
    onError,
  });

  return {
    store,
    stop: async (withinMs) => {
      stopping = true;
      credentials.stop();
      const until = performance.now() + withinMs;
      // Order: no new drains, then no call in flight, then the connections that settlements need.
      await Promise.race([drains.stop(), sleep(withinMs, undefined, { ref: false })]);
      await calls.idle(until - performance.now());
      tally.stop();
      if (calls.inFlight > 0)
        logger.warn({ calls: calls.inFlight }, 'stopped with calls in flight: their leases will be reclaimed');
      const closed = Promise.all([senders.close(), wakeups.close(), alive.stop()]);
      // Both may wait for an answer; a stop that has its time behind it does not.
      const restMs = Math.max(0, until - performance.now());
      await Promise.race([closed, sleep(restMs, undefined, { ref: false })]);
      await store.close();
    },
  };
}
