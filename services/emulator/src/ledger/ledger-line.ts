/*
  The ledger's file: one JSON object a line.

    {"seq":1,"call":17,"at":"…Z","tenant":"…","connection":"…","item":"…","position":0,"activity":{…},"clientRequestId":"…","answered":true}
    {"unanswered":17}      a correction: the answer to call 17 did not get out after all

  Members come in this order and `answered` is the last, so that a reader can filter and correct a line without parsing it.
*/

/** One call's worth of appended activities. */
export interface AppendedCall {
  readonly call: number;
  readonly atMs: number;
  readonly tenant: string;
  readonly connection: string;
  readonly item: string;
  readonly clientRequestId: string | null;
  readonly activities: readonly unknown[];
  /** Positions in the call of what was appended. */
  readonly positions: readonly number[];
  readonly answered: boolean;
}

export function formatLines(appended: AppendedCall, seqFirst: number): string {
  const { call, atMs, tenant, connection, item, clientRequestId, activities, positions, answered } = appended;
  const at = new Date(atMs).toISOString();
  const head = `,"call":${call},"at":"${at}","tenant":${JSON.stringify(tenant)},"connection":"${connection}","item":"${item}","position":`;
  const tail = `,"clientRequestId":${JSON.stringify(clientRequestId)},"answered":${answered}}\n`;
  let lines = '';
  let seq = seqFirst;
  for (const position of positions) {
    lines += `{"seq":${seq++}${head}${position},"activity":${JSON.stringify(activities[position])}${tail}`;
  }
  return lines;
}

export function formatCorrection(call: number): string {
  return `{"unanswered":${call}}\n`;
}

const HEAD = /^\{"seq":(\d+),"call":(\d+),"at":"[^"]*","tenant":"([^"]*)","connection":"([^"]*)","item":"([^"]*)",/;
const CORRECTION = /^\{"unanswered":(\d+)\}$/;

export type LineHead =
  | { readonly kind: 'activity'; readonly seq: number; readonly call: number; readonly scope: LedgerScope }
  | { readonly kind: 'correction'; readonly call: number };

export interface LedgerScope {
  readonly tenant: string;
  readonly connection: string;
  readonly item: string;
}

/** Reads the front of a line; null when it is none of ours. */
export function parseHead(line: string): LineHead | null {
  const head = HEAD.exec(line);
  if (head !== null) {
    const scope = { tenant: head[3]!, connection: head[4]!, item: head[5]! };
    return { kind: 'activity', seq: Number(head[1]), call: Number(head[2]), scope };
  }
  const correction = CORRECTION.exec(line);
  return correction === null ? null : { kind: 'correction', call: Number(correction[1]) };
}

const ANSWERED = '"answered":true}';

export function asUnanswered(line: string): string {
  return line.endsWith(ANSWERED) ? `${line.slice(0, -ANSWERED.length)}"answered":false}` : line;
}
