/*
  Whether a request is too much, for any reason that can be known before it is looked at: as many as may are being answered,
  the event loop does not come round, or the bodies before it will not be done in time.
*/
import { type Admission, type AdmissionLimits, admitBodies, TICK_MS } from './admit-bodies.ts';
import type { FastifyInstance } from './fastify.ts';
import { httpProblem, ProblemError } from './problem.ts';
import { turnOf } from './turn-of.ts';
import { type LoadLimits, watchLoad } from './watch-load.ts';

/** Whoever looks after the process must be told, whatever it is doing. */
const ALWAYS_ANSWERED = /^\/(health\/|metrics(\?|$))/;
/** Looking costs little, and has bounds of its own. */
const LOOKS: ReadonlySet<string> = new Set(['GET', 'HEAD']);
/** Made once: most of what an error costs is its stack. */
export const OVERLOADED = new ProblemError(httpProblem('overloaded', 'More requests arrive than are answered.'));

export interface Overload {
  readonly isTooMuch: (method: string, url: string) => boolean;
  /** Refuses from here on what was not refused before the framework saw it. */
  refuse(): void;
}

export function watchOverload(app: FastifyInstance, limits: LoadLimits, admission: Admission): Overload {
  const load = watchLoad(limits, () => performance.now());
  app.addHook('onClose', async () => load.stop());
  const isTooMuch = (method: string, url: string) =>
    (load.isTooHigh() || (admission.isFull() && !LOOKS.has(method))) && !ALWAYS_ANSWERED.test(url);
  return {
    isTooMuch,
    refuse: () => {
      app.addHook('onRequest', (request, reply, done) => {
        const refused = isTooMuch(request.method, request.url);
        load.enter(reply.raw);
        done(refused ? OVERLOADED : undefined);
      });
    },
  };
}

export function startAdmission(app: FastifyInstance, limits: AdmissionLimits): Admission {
  const admission = admitBodies(limits, () => performance.now());
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    admission.tick(performance.eventLoopUtilization(now, before).utilization);
    before = now;
  }, TICK_MS);
  timer.unref();
  app.addHook('onClose', async () => clearInterval(timer));
  app.addHook('onSend', (request, _reply, _payload, done) => {
    turnOf(request).end();
    done();
  });
  return admission;
}
