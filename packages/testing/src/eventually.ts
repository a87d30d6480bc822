import { inspect } from 'node:util';

export interface Eventually {
  readonly withinMs: number;
  /** Ends the error: "<what> did not happen within …". */
  readonly what: string;
}

const POLL_MS = 10;

/** Polls until the condition is truthy and answers its value. A condition that throws counts as not yet; the error is shown when time is over. */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  { withinMs, what }: Eventually,
): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const last = await attempt(condition);
    if (last.value) return last.value as Exclude<T, false | null | undefined | 0 | ''>;
    if (performance.now() >= deadline) {
      const seen =
        'error' in last ? `the last error was ${inspect(last.error)}` : `the last value was ${show(last.value)}`;
      throw new Error(`${what}: did not happen within ${withinMs} ms; ${seen}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function attempt<T>(condition: () => T | Promise<T>): Promise<{ value?: T; error?: unknown }> {
  try {
    return { value: await condition() };
  } catch (error) {
    return { error };
  }
}

function show(value: unknown): string {
  return inspect(value, { depth: 4, breakLength: 120 });
}
