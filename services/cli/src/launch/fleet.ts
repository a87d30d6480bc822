/*
  All processes of one `npm start`, and the order they come and go in.
  Start: Redis, emulator, then all others, because each needs the one before. Stop: intake and console first, so that nothing new comes in;
  then the workers, which finish their calls; then what they call and what they write to.
*/
import { join } from 'node:path';
import { makeServiceEnv } from '../start/make-service-env.ts';
import type { ServicePlan, ServiceRole, StartPlan } from '../start/start-plan.ts';
import { EXIT_FAILED } from '../world.ts';
import { type Child, startChild } from './child.ts';
import { describeDeath, startEmbeddedRedis } from './embedded-redis.ts';
import { type Failure, LaunchFailed, StopRequested } from './failure.ts';
import type { Guard } from './guard.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { Service } from './service.ts';

export interface FleetSurroundings {
  readonly guard: Guard;
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** Lines for people. */
  readonly report: (lines: readonly string[]) => void;
  /** What happens at the moment, while it starts. */
  readonly onStep: (text: string) => void;
  readonly onLogLine: (name: string, line: string) => void;
}

export interface Addresses {
  readonly intake: string;
  readonly console: string | null;
  readonly emulator: string | null;
  readonly workers: readonly string[];
  readonly redis: string;
}

const RANK_SERVICE = 0;
const RANK_REDIS = 1;
const READY_MS_MAX = 60_000;
/** Redis writes down what it has and ends; its own answer to SIGTERM takes milliseconds. */
const REDIS_GRACE_MS = 10_000;

export class Fleet {
  /** Answers when something ended that cannot be started again. */
  readonly failed: Promise<Failure>;
  readonly #plan: StartPlan;
  readonly #around: FleetSurroundings;
  readonly #services = new Map<ServiceRole, Service[]>();
  readonly #logs: LogFile[] = [];
  readonly #fail: (failure: Failure) => void;
  #redis: Child | null = null;
  #stopping = false;

  constructor(plan: StartPlan, around: FleetSurroundings) {
    this.#plan = plan;
    this.#around = around;
    const failed = Promise.withResolvers<Failure>();
    this.failed = failed.promise;
    this.#fail = failed.resolve;
    void around.guard.lost.then(() => {
      const lines = [
        'The guard ended, which stops the services should the launcher be killed. Going on without it is not safe.',
      ];
      this.#fail({ exitCode: EXIT_FAILED, lines });
    });
  }

  /** Rejects with LaunchFailed, or with StopRequested once the signal is aborted; what was started until then is stopped by stop(). */
  async start(signal: AbortSignal): Promise<Addresses> {
    const redisUrl = await this.#startRedis(signal);
    const named = (role: ServiceRole) => this.#plan.services.filter((service) => service.role === role);
    const startAll = (plans: readonly ServicePlan[], emulatorUrl: string | null) =>
      this.#startServices(plans, { redisUrl, emulatorUrl }, signal);
    const [emulator = null] = await startAll(named('emulator'), null);
    const consolePlans = named('console');
    const [intake = '', ...others] = await startAll(
      [...named('intake'), ...consolePlans, ...named('worker')],
      emulator,
    );
    const [operators = null] = others.slice(0, consolePlans.length);
    return { intake, console: operators, emulator, workers: others.slice(consolePlans.length), redis: redisUrl };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all([this.#stopServices('intake'), this.#stopServices('console')]);
    await this.#stopServices('worker');
  }

  /** After stop(): what the others were using, which is asked for what is left before it goes. */
  async stopRest(): Promise<void> {
    await this.#stopServices('emulator');
    await this.#redis?.stop(REDIS_GRACE_MS);
    for (const log of this.#logs) log.close();
  }

  kill(): void {
    this.#stopping = true;
    for (const service of [...this.#services.values()].flat()) service.kill();
    this.#redis?.kill();
  }

  async #startRedis(signal: AbortSignal): Promise<string> {
    if (this.#plan.redis.kind === 'given') return this.#plan.redis.url;
    this.#around.onStep('starting Redis ...');
    const log = this.#openLog('redis');
    const redis = await startEmbeddedRedis({
      port: this.#plan.redis.port,
      folder: join(this.#plan.dataDir, 'redis'),
      env: this.#around.env,
      logPath: log.path,
      rank: RANK_REDIS,
      startChild: (settings) => {
        this.#redis = startChild(settings, this.#childSurroundings('redis', log));
        return this.#redis;
      },
      onLoading: () => this.#around.onStep('Redis reads its data ...'),
      signal,
    });
    void describeDeath(redis.child, log.path).then((lines) => {
      if (!this.#stopping) this.#fail({ exitCode: EXIT_FAILED, lines });
    });
    return redis.url;
  }

  async #startServices(plans: readonly ServicePlan[], urls: Urls, signal: AbortSignal): Promise<readonly string[]> {
    if (plans.length === 0) return [];
    this.#around.onStep(`starting ${plans.map((plan) => plan.name).join(', ')} ...`);
    const services = plans.map((plan) => this.#startService(plan, urls));
    return Promise.all(services.map((service) => this.#waitUntilReady(service, signal)));
  }

  #startService(plan: ServicePlan, urls: Urls): Service {
    const { root, env, report } = this.#around;
    const log = this.#openLog(plan.name);
    const service = new Service({
      name: plan.name,
      logPath: log.path,
      port: plan.port,
      report,
      startChild: (port, onLine) => {
        const around = this.#childSurroundings(plan.name, log);
        return startChild(
          {
            command: process.execPath,
            args: [plan.entryFile],
            cwd: root,
            env: makeServiceEnv(env, { ...urls, port, dataDir: this.#plan.dataDir }),
            rank: RANK_SERVICE,
          },
          {
            ...around,
            onLine: (line) => {
              around.onLine(line);
              onLine(line);
            },
          },
        );
      },
    });
    void service.failed.then(this.#fail);
    this.#services.set(plan.role, [...(this.#services.get(plan.role) ?? []), service]);
    return service;
  }

  #waitUntilReady(service: Service, signal: AbortSignal): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const tooLong = () => {
      const said = `${service.name} did not say within ${READY_MS_MAX / 1000} s that it had started. Its last lines:`;
      reject(new LaunchFailed({ exitCode: EXIT_FAILED, lines: [said, ...service.tail()] }));
    };
    const stop = () => reject(new StopRequested());
    const timer = setTimeout(tooLong, READY_MS_MAX);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    void this.failed.then((failure) => reject(new LaunchFailed(failure)));
    service.ready.then(resolve, reject);
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    });
  }

  async #stopServices(role: ServiceRole): Promise<void> {
    await Promise.all((this.#services.get(role) ?? []).map((service) => service.stop(this.#plan.shutdownMs)));
  }

  #openLog(name: string): LogFile {
    const log = openLogFile(join(this.#plan.dataDir, 'logs', `${name}.log`));
    this.#logs.push(log);
    return log;
  }

  #childSurroundings(name: string, log: LogFile) {
    return { guard: this.#around.guard, log, onLine: (line: string) => this.#around.onLogLine(name, line) };
  }
}

interface Urls {
  readonly redisUrl: string;
  readonly emulatorUrl: string | null;
}
