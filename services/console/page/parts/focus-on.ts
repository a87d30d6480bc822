/* Where what had focus is about to go, focus goes to a place that makes sense, and not to the top of the page. */
export function focusOn(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus({ preventScroll: true });
}
