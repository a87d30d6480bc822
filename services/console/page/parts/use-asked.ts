/* Asks the API now and again while a view is open. What could not be had is said, and what was known stays. */
import { useEffect, useState } from 'preact/hooks';
import { ask } from '../state/ask.ts';

export interface AskedState<T> {
  readonly value: T | null;
  readonly problem: string | null;
  readonly again: () => void;
}

export function useAsked<T>(path: string, everyMs: number): AskedState<T> {
  const [state, setState] = useState<{ readonly value: T | null; readonly problem: string | null }>({
    value: null,
    problem: null,
  });
  const [round, setRound] = useState(0);
  useEffect(() => {
    let open = true;
    let timer = 0;
    const look = async () => {
      try {
        const value = await ask<T>(path);
        if (open) setState({ value, problem: null });
      } catch (error) {
        if (open) setState((old) => ({ ...old, problem: error instanceof Error ? error.message : String(error) }));
      }
      if (open) timer = window.setTimeout(() => void look(), everyMs);
    };
    void look();
    return () => {
      open = false;
      clearTimeout(timer);
    };
  }, [path, everyMs, round]);
  return { ...state, again: () => setRound((old) => old + 1) };
}
