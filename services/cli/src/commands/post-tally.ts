/* What became of what was posted, added up and told: the same for files and for git. */
import type { StoredBatch } from '@sluice/client/source';
import { inert } from '../inert.ts';
import { formatCount } from '../start/totals.ts';
import type { World } from '../world.ts';

export interface Rejected {
  readonly place: string;
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

/** Named one by one; all are counted. */
const REJECTED_LISTED_MAX = 1000;
const REJECTED_SHOWN_MAX = 20;
const RECEIPTS_LISTED_MAX = 1000;
const RECEIPTS_KEPT_MAX = 100_000;

export class PostTally {
  readonly rejected: Rejected[] = [];
  readonly receipts: { readonly id: string; readonly accepted: number }[] = [];
  accepted = 0;
  duplicates = 0;
  rejectedTotal = 0;
  receiptsTotal = 0;

  stored({ receiptId, accepted, duplicates }: StoredBatch): void {
    this.accepted += accepted;
    this.duplicates += duplicates;
    if (receiptId === null || accepted === 0) return;
    this.receiptsTotal += 1;
    if (this.receipts.length < RECEIPTS_KEPT_MAX) this.receipts.push({ id: receiptId, accepted });
  }

  reject(rejected: Rejected): void {
    this.rejectedTotal += 1;
    if (this.rejected.length < REJECTED_LISTED_MAX) this.rejected.push(rejected);
  }

  note(): string {
    const rejected = this.rejectedTotal === 0 ? '' : `, ${formatCount(this.rejectedTotal)} rejected`;
    return `${formatCount(this.accepted)} accepted${rejected}`;
  }

  toJson() {
    const { accepted, duplicates, rejected, rejectedTotal, receipts, receiptsTotal } = this;
    const receiptIds = receipts.slice(0, RECEIPTS_LISTED_MAX).map(({ id }) => id);
    return { accepted, duplicates, rejected, rejectedTotal, receiptIds, receiptsTotal };
  }

  /** The sum on stdout, what was rejected on stderr. */
  tell({ out, err }: Pick<World, 'out' | 'err'>, connection: string): void {
    for (const { place, pointer, code, message } of this.rejected.slice(0, REJECTED_SHOWN_MAX)) {
      err.write(inert(`${place}: ${code}${pointer === '#' ? '' : ` at ${pointer}`}: ${message}\n`));
    }
    const more = this.rejectedTotal - Math.min(REJECTED_SHOWN_MAX, this.rejected.length);
    if (more > 0)
      err.write(`… and ${formatCount(more)} more; --json lists up to ${formatCount(REJECTED_LISTED_MAX)}.\n`);
    const counts = [
      `${formatCount(this.accepted)} accepted`,
      `${formatCount(this.duplicates)} accepted before`,
      `${formatCount(this.rejectedTotal)} rejected`,
    ];
    const [first, second] = this.receipts;
    const receipt = first === undefined ? '' : ` ${second === undefined ? 'Receipt' : 'First receipt'} ${first.id}.`;
    out.write(`Connection ${connection}: ${counts.join(', ')}.${receipt}\n`);
  }
}
