/*
  A service that is kept running. Its life: starting → ready (it has said `listening` and `started`) → and from either, when it ends by
  itself, waiting → starting again, or given up (plan-restart.ts decides). Stopping is possible in every state and final.
*/

import { pause } from '../pause.ts';
import { EXIT_CONFIG, EXIT_FAILED } from '../world.ts';
import type { Child, Exit } from './child.ts';
import { type Failure, LaunchFailed } from './failure.ts';
import { planRestart, RESTARTS_MAX } from './plan-restart.ts';
import { formatLogLine, parseLogLine } from './read-log-line.ts';

export interface ServiceSurroundings {
  readonly name: string;
  /** Where the operator reads more. */
  readonly logPath: string;
  /** 0 takes a free one, and keeps it over restarts: others were told the address. */
  readonly port: number;
  readonly startChild: (port: number, onLine: (line: string) => void) => Child;
  readonly report: (lines: readonly string[]) => void;
}

export class Service {
  readonly name: string;
  /** Its address as it said itself. Rejects with LaunchFailed when it is given up before. */
  readonly ready: Promise<string>;
  /** Answers when it is given up. */
  readonly failed: Promise<Failure>;
  readonly #around: ServiceSurroundings;
  readonly #stop = new AbortController();
  readonly #crashesMs: number[] = [];
  #child: Child | null = null;
  #port: number;
  #url: string | null = null;
  #running: Promise<void>;

  constructor(around: ServiceSurroundings) {
    this.#around = around;
    this.name = around.name;
    this.#port = around.port;
    const ready = Promise.withResolvers<string>();
    const failed = Promise.withResolvers<Failure>();
    this.ready = ready.promise;
    this.failed = failed.promise;
    // Whoever no longer waits for the start learns of the failure from `failed`.
    this.ready.catch(() => undefined);
    this.#running = this.#keepRunning(ready.resolve).then((failure) => {
      if (failure === null) return;
      ready.reject(new LaunchFailed(failure));
      failed.resolve(failure);
    });
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  async stop(graceMs: number): Promise<void> {
    this.#stop.abort();
    await this.#child?.stop(graceMs);
    await this.#running;
  }

  kill(): void {
    this.#stop.abort();
    this.#child?.kill();
  }

  /** Its last lines, as people read them. */
  tail(): readonly string[] {
    return (this.#child?.tail() ?? []).map(formatLogLine);
  }

  async #keepRunning(onReady: (url: string) => void): Promise<Failure | null> {
    for (;;) {
      this.#child = this.#around.startChild(this.#port, (line) => this.#notice(line, onReady));
      const exit = await this.#child.exited;
      if (this.#stop.signal.aborted) return null;
      this.#crashesMs.push(Date.now());
      const plan = planRestart(exit.code, this.#crashesMs, Date.now());
      if (plan.kind === 'give-up') return this.#describeFailure(exit, plan.why);
      this.#around.report([
        `${this.name} ended (${describeExit(exit)}) and starts again. Its last lines (all in ${this.#around.logPath}):`,
        ...this.#indentedTail(),
      ]);
      await pause(plan.delayMs, this.#stop.signal);
      if (this.#stop.signal.aborted) return null;
    }
  }

  #notice(text: string, onReady: (url: string) => void): void {
    const line = parseLogLine(text);
    if (line?.msg === 'listening' && typeof line['url'] === 'string' && URL.canParse(line['url'])) {
      this.#url = makeReachable(line['url']);
      this.#port = Number(new URL(this.#url).port) || this.#port;
    }
    if (line?.msg === 'started' && this.#url !== null) onReady(this.#url);
  }

  #describeFailure(exit: Exit, why: 'configuration' | 'too-often'): Failure {
    const said =
      why === 'configuration'
        ? `${this.name} refuses its configuration:`
        : `${this.name} ended ${RESTARTS_MAX + 1} times within a minute, the last time with ${describeExit(exit)}. Its last lines (all in ${this.#around.logPath}):`;
    return { exitCode: why === 'configuration' ? EXIT_CONFIG : EXIT_FAILED, lines: [said, ...this.#indentedTail()] };
  }

  #indentedTail(): readonly string[] {
    const lines = this.tail();
    return (lines.length === 0 ? ['(it said nothing)'] : lines).map((line) => `  ${line}`);
  }
}

/** A service that listens on every address is reached on the loopback one. */
function makeReachable(url: string): string {
  return url.replace(/\/$/, '').replace(/\/\/(0\.0\.0\.0|\[::\])(?=:|$)/, '//127.0.0.1');
}

export function describeExit({ code, signal, error }: Exit): string {
  if (error !== null) return `could not be started: ${error.message}`;
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
