/*
  `npm start`, the whole story: lock, ports, guard, processes, addresses, then the producer and the status line until somebody stops it
  or something ends that cannot go on; and at the end everything is stopped in order, whatever happened.
*/

import { type Config, loadConfig } from '@sluice/config';
import { type Failure, LaunchFailed, StopRequested } from '../launch/failure.ts';
import { Fleet } from '../launch/fleet.ts';
import { type Guard, startGuard } from '../launch/guard.ts';
import { takeLock } from '../launch/lock.ts';
import { checkPorts } from '../launch/ports.ts';
import { prepareProducer } from '../producer/prepare-producer.ts';
import { isUnderNpm } from '../watch-parents.ts';
import { EXIT_FAILED, type World } from '../world.ts';
import { describeAddresses, removeAddresses, writeAddresses } from './announce.ts';
import { openTotals, type TotalsReader } from './read-totals.ts';
import { openScreen, type Screen } from './screen.ts';
import { showStatus } from './show-status.ts';
import type { StartPlan } from './start-plan.ts';
import { type StopSignals, watchStopSignals } from './stop-signals.ts';
import { formatCount } from './totals.ts';

/** Within 30 s of a kill everything is gone: 15 for the services, as many for Redis, which needs far less. */
const GUARD_GRACE_MS_MAX = 14_000;

export async function start(plan: StartPlan, world: World): Promise<number> {
  const screen = openScreen(world.out, world.err);
  const producer = plan.producer === null ? null : await prepareProducer(plan.producer.path);
  if (producer !== null && 'problem' in producer) return refuse(screen, [producer.problem]);
  const lock = await takeLock(plan.dataDir, (text) => screen.print(text));
  if ('problem' in lock) return refuse(screen, [lock.problem]);
  if ('heldBy' in lock) {
    const text = `Sluice already runs on ${plan.dataDir} as process ${lock.heldBy}. Stop that one, or set SLUICE_DATA_DIR to another folder.`;
    return refuse(screen, [text]);
  }
  let signals: StopSignals | null = null;
  let guard: Guard | null = null;
  try {
    const redis =
      plan.redis.kind === 'embedded' ? [{ port: plan.redis.port, owner: 'Redis', setting: '--redis-port' }] : [];
    const services = plan.services.map((each) => ({ port: each.port, owner: each.name, setting: each.portSetting }));
    const taken = await checkPorts([...services, ...redis]);
    if (taken.length > 0) return refuse(screen, taken);
    guard = startGuard(Math.min(plan.shutdownMs, GUARD_GRACE_MS_MAX));
    lock.nameGuard(guard.pid);
    const fleet = makeFleet(plan, world, screen, guard);
    signals = watchStopSignals({
      underNpm: isUnderNpm(world.env),
      onSecond(exitCode) {
        screen.setStatus('');
        fleet.kill();
        removeAddresses(plan.dataDir);
        lock.release();
        world.exit(exitCode);
      },
    });
    return await run({ plan, world, screen, fleet, signals, producer });
  } finally {
    signals?.dispose();
    await guard?.release();
    lock.release();
  }
}

interface Running {
  readonly plan: StartPlan;
  readonly world: World;
  readonly screen: Screen;
  readonly fleet: Fleet;
  readonly signals: StopSignals;
  readonly producer: Producer | null;
}

type Producer = Exclude<Awaited<ReturnType<typeof prepareProducer>>, { readonly problem: string }>;

async function run(running: Running): Promise<number> {
  const { plan, world, screen, fleet, signals } = running;
  let totals: TotalsReader | null = null;
  let failed = false;
  let exitCode = 0;
  try {
    const addresses = await fleet.start(signals.requested);
    screen.setStatus('');
    totals = openTotals(
      placeOf(addresses.redis, world.env),
      addresses.emulator,
      Number(world.env['SLUICE_SHARDS'] || 1),
    );
    writeAddresses(plan.dataDir, addresses);
    screen.print(describeAddresses(addresses, plan, world.cwd, new Date()));
    exitCode = await work(running, addresses.intake, totals);
  } catch (error) {
    failed = true;
    if (error instanceof LaunchFailed) exitCode = refuseWith(screen, error.failure);
    else if (!(error instanceof StopRequested)) throw error;
  } finally {
    await stopAll(running, failed ? null : totals);
    await totals?.close();
  }
  return exitCode;
}

/** As the services reach it, with certificates and the login of Sentinels where the environment names them. */
function placeOf(redisUrl: string, env: NodeJS.ProcessEnv): Config['redis'] {
  const given = Object.entries(env).filter(([name]) => /^REDIS_(?!URL)/.test(name));
  return loadConfig({ ...Object.fromEntries(given), REDIS_URL: redisUrl }).config.redis;
}

/** Until a stop is asked for (0), the producer is done and was to be the end, or something fails (LaunchFailed). */
async function work(
  { plan, world, screen, fleet, signals, producer }: Running,
  intake: string,
  totals: TotalsReader,
): Promise<number> {
  const end = new AbortController();
  const ended = new Promise<number>((resolve, reject) => {
    const stop = () => resolve(0);
    signals.requested.addEventListener('abort', stop, { once: true });
    if (signals.requested.aborted) stop();
    void fleet.failed.then((failure) => reject(new LaunchFailed(failure)));
  });
  const works = async () => {
    if (producer !== null) {
      const code = await producer.run({
        intake,
        apiKey: world.env['SLUICE_API_KEY'],
        totals,
        screen,
        err: world.err,
        signal: end.signal,
      });
      if (plan.exits) return code;
      if (code !== 0) screen.warn(['The producer did not get through; everything else goes on.']);
    }
    return showStatus(totals, screen, end.signal);
  };
  const working = works();
  try {
    return await Promise.race([ended, working]);
  } finally {
    end.abort();
    await working.catch(() => undefined);
  }
}

/** totals: what is asked for what is left; null when there is nobody to ask. */
async function stopAll({ plan, screen, fleet }: Running, totals: TotalsReader | null): Promise<void> {
  removeAddresses(plan.dataDir);
  screen.setStatus('stopping ... (Ctrl-C again ends everything at once)');
  await fleet.stop();
  const left = totals === null ? null : await totals.read();
  await fleet.stopRest();
  screen.setStatus('');
  screen.print(describeLeft(left?.pending ?? null));
}

function describeLeft(pending: number | null): string {
  if (pending === null) return 'Stopped. What was accepted is kept; the next npm start goes on with it.';
  if (pending === 0) return 'Stopped. Nothing is pending.';
  const what = pending === 1 ? '1 activity is' : `${formatCount(pending)} activities are`;
  return `Stopped. ${what} pending; nothing is lost, the next npm start goes on.`;
}

function makeFleet(plan: StartPlan, world: World, screen: Screen, guard: Guard): Fleet {
  return new Fleet(plan, {
    guard,
    root: world.root,
    env: world.env,
    report: (lines) => screen.warn(lines),
    onStep: (text) => screen.setStatus(text),
    onLogLine: (name, line) => {
      if (plan.logsShown) screen.print(`${name.padEnd(9)}| ${line}`);
    },
  });
}

function refuse(screen: Screen, lines: readonly string[]): number {
  return refuseWith(screen, { exitCode: EXIT_FAILED, lines });
}

function refuseWith(screen: Screen, failure: Failure): number {
  screen.setStatus('');
  screen.warn(failure.lines);
  return failure.exitCode;
}
