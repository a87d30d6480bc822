/*
  deliver: one request and its answer, as undici's dispatcher reports them. Straight on the dispatcher, because only there it
  can be seen when a request begins to be written: until then nothing was sent, and the last look at the clock is made there.
*/
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { classifyFailure, type Failure } from './classify-failure.ts';

export type PostAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: IncomingHttpHeaders;
      readonly text: string;
      readonly problem: 'too-large' | 'cut-off' | null;
    }
  | ({ readonly kind: 'failed' } & Failure);

export interface ExchangeLimits {
  /** Until the last byte of the answer, from now. */
  readonly timeoutMs: number;
  /** On the clock: after this the request is not begun any more, because its answer would come too late. */
  readonly latestStartMs: number;
  readonly signal: AbortSignal | null;
  readonly clock: () => number;
}

type Controller = Dispatcher.DispatchController;

/** Settles once, whatever happens first: the answer, an error, the deadline, the caller's signal. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<PostAnswer>;
  readonly #limits: ExchangeLimits;
  readonly #timer: NodeJS.Timeout;
  readonly #resolve: (answer: PostAnswer) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Controller | null = null;
  #settled = false;
  #written = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};

  constructor(limits: ExchangeLimits) {
    const { promise, resolve } = Promise.withResolvers<PostAnswer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#limits = limits;
    this.#timer = setTimeout(this.#outOfTime, limits.timeoutMs);
    limits.signal?.addEventListener('abort', this.#stopped, { once: true });
    if (limits.signal?.aborted === true) this.#stopped();
  }

  onRequestStart(controller: Controller): void {
    if (!this.#settled && this.#limits.clock() > this.#limits.latestStartMs) {
      const message = 'too little time was left when the request could have been written';
      this.#settle({ kind: 'failed', certainty: 'not-sent', code: 'lease', message });
    }
    this.#controller = controller;
    if (this.#settled) abort(controller);
    else this.#written = true;
  }

  onResponseStart(_controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#answered(null);
  }

  onResponseError(_controller: Controller, error: Error): void {
    const { code } = error as { code?: unknown };
    if (this.#status !== 0) this.#answered(code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' ? 'too-large' : 'cut-off');
    else this.#settle({ kind: 'failed', ...classifyFailure(error, this.#written) });
  }

  readonly #outOfTime = (): void => {
    this.#give(
      this.#written ? 'timeout' : 'connect-timeout',
      `no answer within ${Math.round(this.#limits.timeoutMs)} ms`,
    );
  };

  readonly #stopped = (): void => {
    this.#give(this.#written ? 'timeout' : 'lease', 'stopped by the caller');
  };

  /** Gives up. What was written may have been applied; of what was answered at least the status is known. */
  #give(code: 'timeout' | 'connect-timeout' | 'lease', message: string): void {
    if (this.#status !== 0) this.#answered('cut-off');
    else this.#settle({ kind: 'failed', certainty: this.#written ? 'maybe-sent' : 'not-sent', code, message });
    if (this.#controller !== null) abort(this.#controller);
  }

  #answered(problem: 'too-large' | 'cut-off' | null): void {
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    const text = problem === 'too-large' ? '' : body.toString('utf8');
    this.#settle({ kind: 'answered', status: this.#status, headers: this.#headers, text, problem });
  }

  #settle(answer: PostAnswer): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#limits.signal?.removeEventListener('abort', this.#stopped);
    this.#chunks.length = 0;
    this.#resolve(answer);
  }
}

/** undici destroys the socket with it: an answer that nobody reads must not be taken for the next one's. */
function abort(controller: Controller): void {
  controller.abort(new Error('the exchange is over'));
}
