/* A connection's state: a mark whose shape tells as much as its colour, the words, and what is to be done. */
import type { StateWords, Urgency } from '../../src/words/state-words.ts';

const MARKS: Readonly<Record<Urgency, string>> = {
  stuck: '■',
  behind: '▲',
  waiting: '◆',
  flowing: '●',
  idle: '○',
};

export function Mark({ urgency }: { readonly urgency: Urgency }) {
  return (
    <span class={`mark mark-${urgency}`} aria-hidden="true">
      {MARKS[urgency]}
    </span>
  );
}

export function State({ words }: { readonly words: StateWords }) {
  return (
    <span class={`state state-${words.urgency}`}>
      <Mark urgency={words.urgency} />
      <span class="sr">{words.urgency}: </span>
      {words.text}
    </span>
  );
}
