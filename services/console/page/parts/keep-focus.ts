/*
  Who works by keyboard must not be thrown back to the top of the page: focus stays where it was when rows change places, and
  goes to a place that makes sense when what had it is gone.
*/
import type { RefObject } from 'preact';
import { useLayoutEffect } from 'preact/hooks';

/** Call while drawing: an element that is moved within its place loses focus in every browser, and gets it back here. */
export function useFocusKept(place: RefObject<HTMLElement | null>): void {
  const before = document.activeElement;
  useLayoutEffect(() => {
    if (!(before instanceof HTMLElement) || before === document.activeElement) return;
    if (before.isConnected && place.current?.contains(before) === true) before.focus({ preventScroll: true });
  });
}

/** The first that is there. It need not be one that Tab stops at. */
export function focusOn(...selectors: readonly string[]): void {
  for (const selector of selectors) {
    const element = document.querySelector<HTMLElement>(selector);
    if (element === null) continue;
    element.focus({ preventScroll: true });
    return;
  }
}
