/* Writes docs/answers.md from the table of answers, so that the page cannot say anything else than the code does. */
import { ANSWERS, type Answer, BREAKER_FAILURES } from '@sluice/core';

const OPENING = `# What each answer of Graph means

One table decides it, \`ANSWERS\` in [\`answers.ts\`](../packages/core/src/outcome/answers.ts); nothing else looks at a status or a
code. It says what becomes of the **entries** of the call, and what the answer means for their **connection**. How a settlement
follows from it: [\`planSettlement\`](../packages/core/src/settle/plan-settlement.ts). What the states are called:
[state-machine.md](state-machine.md).

This page is generated from that table; a test compares the two. To write it anew: \`npm run docs\`.

- **Back**: the entry is pending again and comes back by itself. What waits for itself backs off, with jitter, from
  \`SLUICE_RETRY_BASE_MS\` to \`SLUICE_RETRY_CAP_MS\`; what waits only for its connection goes when the connection does.
- **An attempt**: after \`SLUICE_RETRY_ATTEMPTS_MAX\` of them, or \`SLUICE_RETRY_AGE_MAX_MS\` after the first, an entry becomes a dead letter.
- **Retries while calls fail** (5xx, reset, timeout, within the last ten seconds): one comes back for five calls, as long as there is
  anything that was never tried; when nothing else is ready, one a second ([\`retry-share.ts\`](../packages/core/src/batch/retry-share.ts)).
- **Unknown**: Graph may have applied it. \`SLUICE_UNKNOWN_POLICY\` decides: back (the default, so perhaps delivered twice) or
  parked. Recorded with the call's \`client-request-id\` either way.
- **Closed**: nobody of the fleet calls this connection until it has passed. **Held**: only a probe (one call a minute, one at a time, each of another item) that Graph
  takes, or an operator, ends it. After ${BREAKER_FAILURES} **failed calls** in a row the breaker opens, which lets one call through every five
  seconds. A call that shows that the connection **works** ends a row of failures, a hold and an open breaker.
`;

/** Names of rows about one result begin so. */
const OF_ENTRY = /^entry[A-Z]/;

interface Row {
  readonly name: string;
  readonly row: Answer;
}

const SECTIONS: readonly { readonly title: string; readonly note: string; readonly has: (row: Row) => boolean }[] = [
  {
    title: 'There was an answer',
    note: 'By status; the first row that fits.',
    has: ({ name, row }) => !OF_ENTRY.test(name) && row.failures.length === 0,
  },
  {
    title: 'There was no answer',
    note: 'The call ended without a status.',
    has: ({ row }) => row.failures.length > 0,
  },
  {
    title: 'Results of single entries',
    note: 'In a 2xx answer each entry has a result of its own. The deepest error code that is known decides; case does not matter.',
    has: ({ name }) => OF_ENTRY.test(name),
  },
];

/** docs/answers.md. */
export function describeAnswers(): string {
  const all: readonly Row[] = Object.entries(ANSWERS).map(([name, row]) => ({ name, row }));
  const sections = SECTIONS.map(({ title, note, has }) => {
    const rows = all.filter(has).map(({ row }) => describeRow(row));
    const head = '| answer | entries | connection | why |\n|---|---|---|---|';
    return `## ${title}\n\n${note}\n\n${head}\n${rows.join('\n')}\n`;
  });
  return [OPENING, ...sections].join('\n');
}

function describeRow(row: Answer): string {
  const codes = row.entryCodes.length === 0 ? '' : `: ${row.entryCodes.map((code) => `\`${code}\``).join(', ')}`;
  const only = row.only === null ? '' : ` (${row.only})`;
  const cells = [`${row.answer}${codes}${only}`, describeEntries(row), describeConnection(row), row.why];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function describeEntries(row: Answer): string {
  if (row.verdict === 'by entry') return 'each by its own result';
  if (row.verdict === 'delivered') return '**delivered**';
  if (row.verdict === 'rejected') {
    return row.bisects
      ? 'alone: **dead letter**; among others: **back** in two halves, each its own call'
      : '**dead letter**';
  }
  const attempt = {
    always: 'an attempt',
    never: 'no attempt',
    'when-others-succeed': 'an attempt if the call before it succeeded',
  }[row.counted];
  const notBefore = [
    ...(row.delayMsMin > 0 ? [`${row.delayMsMin / 1000} s`] : []),
    ...(row.retryAfter === 'delays' ? ['Retry-After'] : []),
  ];
  const wait = notBefore.length === 0 ? '' : `, not before ${notBefore.join(' and ')}`;
  return `**${row.verdict === 'unknown' ? 'unknown' : 'back'}**, ${attempt}${wait}`;
}

function describeConnection(row: Answer): string {
  const said = [
    ...(row.quota === 'refused' ? ['the rate was too high'] : []),
    ...describeClosure(row),
    ...(row.hold === null ? [] : [`**held**: \`${row.hold}\``]),
    ...(row.failed === true ? ['a failed call'] : []),
    ...(row.failed === false ? ['works'] : []),
  ];
  return said.length === 0 ? 'nothing' : said.join('; ');
}

function describeClosure({ retryAfter, closure }: Answer): readonly string[] {
  if (closure === 'brief') return ['**closed** for 1 to 5 s'];
  if (retryAfter !== 'closes') return [];
  return [closure === null ? '**closed** by a Retry-After' : '**closed** until Retry-After, else for a backoff'];
}
