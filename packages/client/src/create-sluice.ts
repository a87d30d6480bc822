/* The client as an application sees it. */
import type { Activity, Tracked } from './activity.ts';
import { Dispatcher } from './dispatcher.ts';
import { type Entry, FRAME_BYTES } from './lane.ts';
import { readSettings, type Settings, type SluiceOptions } from './settings.ts';
import { SluiceError } from './sluice-error.ts';
import { openTrace } from './trace.ts';

export interface Sluice {
  /**
   * Resolves when the intake has stored it, rejects with a SluiceError when that is known not to happen or not known in
   * time. Waits while the buffer is full.
   */
  track(activity: Activity): Promise<Tracked>;
  /** Resolves when there is room in the buffer: for who tracks without awaiting each activity. */
  room(): Promise<void>;
  /** Sends what lingers; resolves when everything tracked before is stored or rejected. Never rejects. */
  flush(): Promise<void>;
  /**
   * Takes nothing more, flushes, and resolves. With `withinMs`, what is still open by then is rejected with
   * `client_closed`.
   */
  close(options?: { readonly withinMs?: number }): Promise<void>;
}

export function createSluice(options: SluiceOptions): Sluice {
  const settings = readSettings(options);
  const dispatcher = new Dispatcher(settings);
  const traceOf = openTrace();
  let tracked = 0;
  let closing: Promise<void> | null = null;

  function track(activity: Activity): Promise<Tracked> {
    const promise = new Promise<Tracked>((resolve, reject) => {
      const refuse = (error: SluiceError) => {
        reject(error);
        settings.onRejected?.(activity, error);
      };
      if (closing !== null) return refuse(refusal('client_closed', 'The client is closed and takes nothing more.'));
      if (!dispatcher.hasPlace()) return refuse(refusal('buffer_full', describeFull(settings)));
      const made = makeEntry(activity, { settings, sequence: tracked + 1, trace: traceOf(), resolve, reject });
      if (made instanceof SluiceError) return refuse(made);
      tracked++;
      dispatcher.add(made);
    });
    // The application is told of it in another way already.
    if (settings.onRejected !== undefined) promise.catch(() => undefined);
    return promise;
  }

  async function close({ withinMs }: { readonly withinMs?: number } = {}): Promise<void> {
    closing ??= dispatcher.flush(tracked);
    if (withinMs === undefined) return closing;
    const cancel = settings.clock.after(withinMs, () =>
      dispatcher.abandon({ code: 'client_closed', message: `The client was closed and waited ${withinMs} ms.` }),
    );
    await closing;
    cancel();
  }

  return { track, room: () => dispatcher.room(), flush: () => dispatcher.flush(tracked), close };
}

type EntryParts = Pick<Entry, 'sequence' | 'trace' | 'resolve' | 'reject'> & { readonly settings: Settings };

function makeEntry(activity: Activity, { settings, ...parts }: EntryParts): Entry | SluiceError {
  const { connection, item, id = settings.newId(), ...members } = activity;
  const json = toJson({ itemId: item, ...members, id });
  if (json === null) return refusal('activity_not_json', 'The activity cannot be written as JSON.');
  const bytes = Buffer.byteLength(json) + 1;
  if (FRAME_BYTES + bytes > settings.batchBytesMax) {
    return refusal('activity_too_large', `The activity is larger than a request may be: ${bytes} bytes.`);
  }
  const trackedMs = settings.clock.nowMs();
  return {
    ...parts,
    activity,
    id,
    json,
    bytes,
    trackedMs,
    deadlineMs: trackedMs + settings.deadlineMs,
    state: 'waiting',
    sent: false,
    problem: null,
  };
}

function toJson(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

function refusal(code: string, message: string): SluiceError {
  return new SluiceError({ code, message, stored: 'no' });
}

function describeFull({ bufferActivitiesMax }: Settings): string {
  return `${bufferActivitiesMax} activities are not stored yet, and as many wait for room. Await track, or room() before it.`;
}
