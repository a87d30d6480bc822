/* sluice receipt: where the activities of one request are, and why they wait, in words. */

import { inert } from '../inert.ts';
import type { World } from '../world.ts';
import { openIntake } from './ask-intake.ts';
import { tellFailure } from './command-failed.ts';
import { formatTable } from './format-table.ts';
import { readOptions, refuseUsage } from './read-options.ts';

export const RECEIPT_HELP = `sluice receipt ID [--json]

What became of the activities of one request: how many are where, why they wait, and which were refused. The id is in its answer
(receiptId). Asks the intake (SLUICE_URL, SLUICE_API_KEY). Exit code 1 when there is no such receipt, or none any more.
`;

interface Receipt {
  readonly receiptId: string;
  readonly connectionId: string;
  readonly acceptedAt: string;
  readonly final: boolean;
  readonly complete?: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly waitingFor: readonly {
    readonly reason: string;
    readonly entries: number;
    readonly until: string | null;
    readonly detail: string;
  }[];
  readonly entries: readonly {
    readonly index: number;
    readonly state: string;
    readonly itemId: string | null;
    readonly code: string;
    readonly message: string;
    readonly requestId: string | null;
    readonly attempts: number;
    readonly pointer?: string;
  }[];
  readonly entriesTotal: number;
}

const STATES: readonly (readonly [name: string, words: string])[] = [
  ['pending', 'waiting'],
  ['inFlight', 'on their way to Graph'],
  ['delivered', 'delivered'],
  ['dead', 'dead letters'],
  ['parked', 'parked: nobody knows whether Graph has them'],
  ['discarded', 'discarded by an operator'],
  ['erased', 'erased'],
  ['expired', 'too old when their turn came'],
  ['rejected', 'rejected, never stored'],
  ['duplicates', 'accepted before'],
];
const HEAD = ['INDEX', 'STATE', 'ITEM', 'CODE', 'ATTEMPTS', 'GRAPH REQUEST-ID', 'MESSAGE'];

export function runReceipt(args: readonly string[], world: World): Promise<number> {
  return tellFailure(world, async () => {
    const words = readOptions('receipt', args, { json: { type: 'boolean' } });
    const [id, ...others] = words.operands;
    if (id === undefined || others.length > 0) throw refuseUsage('receipt takes one id.', 'receipt');
    // Pasted from a Location, it comes with its path.
    const bare = id.replace(/^.*\/v1\/receipts\//, '');
    const receipt = await openIntake(world).get(`/v1/receipts/${encodeURIComponent(bare)}`);
    world.out.write(
      words.flag('json') ? `${JSON.stringify(receipt)}\n` : inert(describe(receipt as unknown as Receipt)),
    );
    return 0;
  });
}

export function describe(receipt: Receipt): string {
  const { receiptId, connectionId, acceptedAt, final, counts, waitingFor, entries, entriesTotal } = receipt;
  const there = STATES.filter(([name]) => (counts[name] ?? 0) > 0);
  const width = Math.max(0, ...there.map(([name]) => String(counts[name]).length));
  const lines = [
    `Receipt ${receiptId}: accepted ${acceptedAt} for connection ${connectionId}; ${final ? 'all have come to their end' : 'not final yet'}.`,
    ...(receipt.complete === false ? ['The request broke off before its end; what was stored of it counts here.'] : []),
    ...there.map(([name, words]) => `  ${String(counts[name]).padStart(width)} ${words}`),
  ];
  for (const { reason, entries: waiting, until, detail } of waitingFor) {
    lines.push(`Why they wait: ${waiting} for ${reason}${until === null ? '' : `, until ${until}`}. ${detail}`);
  }
  if (entries.length === 0) return `${lines.join('\n')}\n`;
  const rows = entries.map(({ index, state, itemId, code, attempts, requestId, message, pointer }) => [
    String(index),
    state,
    itemId ?? '-',
    code,
    String(attempts),
    requestId ?? '-',
    `${pointer === undefined || pointer === '#' ? '' : `${pointer}: `}${message}`.replaceAll(/\s+/g, ' '),
  ]);
  const more = entriesTotal > entries.length ? `… and ${entriesTotal - entries.length} more.\n` : '';
  return `${lines.join('\n')}\n\n${formatTable(HEAD, rows)}${more}`;
}
