/*
  append, when traces are on: the trace of the request is kept with its receipt, where the worker finds it by what each entry
  carries anyway. Entries stay as they are, and without traces nothing of this is there.
*/
import type { ActivityStore } from '@sluice/core';
import type { Tracing } from '@sluice/telemetry';

export function traceAppends(
  store: Pick<ActivityStore, 'append' | 'noteTrace'>,
  tracing: Tracing,
): Pick<ActivityStore, 'append'> {
  if (tracing === null) return store;
  return {
    append: (piece) => {
      const appended = store.append(piece);
      const traceparent = tracing.traceparent();
      // Right behind it on the same connection, so that it is there before a worker can have taken anything.
      // A link that is lost costs nobody an activity.
      if (piece.receiptId !== null && traceparent !== null)
        void store.noteTrace(piece.receiptId, traceparent).catch(() => {});
      return appended;
    },
  };
}
