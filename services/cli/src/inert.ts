/* What others wrote (Graph, producers, a proxy) is shown by a terminal and does nothing to it. */

/** Line breaks and tabs stay; whatever else could move the cursor, colour or hide text becomes a mark that is seen. */
export function inert(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, '\ufffd');
}
