/*
  batch: while a tenant's bucket binds, its connections take turns: who was granted a call longest ago goes first. A
  connection stands in line when it could send but for the tenant's token or for others' turns; who does not ask again
  within 300 ms has lost interest, and nobody waits for it. Every take leaves the line and joins it again if it has to wait.
*/
import type { Bucket } from './bucket.ts';

export interface InLine {
  readonly connectionId: string;
  /** When it was last granted a call, microseconds since 1970; 0 = not since it is remembered. */
  readonly grantedUs: number;
  /** When it last asked, milliseconds since 1970. */
  readonly askedMs: number;
}

export const WAITING_MS = 300;
/** How long at most after the next token somebody further back looks again. */
export const TURN_LOOK_US = 250_000;

export function isWaiting({ askedMs }: InLine, nowMs: number): boolean {
  return nowMs - askedMs <= WAITING_MS;
}

/**
 * When a connection may ask again, microseconds since 1970; null: now is its turn. `line` has the others that are waiting.
 * Each of those ahead will spend a token first.
 */
export function waitForTurn(
  { tatUs, intervalUs }: Pick<Bucket, 'tatUs' | 'intervalUs'>,
  { grantedUs, line }: { readonly grantedUs: number; readonly line: readonly InLine[] },
  nowUs: number,
): number | null {
  const ahead = line.filter((other) => other.grantedUs < grantedUs).length;
  if (tatUs <= nowUs && ahead === 0) return null;
  const tokenUs = Math.max(tatUs, nowUs);
  return Math.min(tokenUs + ahead * intervalUs, Math.max(tatUs, nowUs + TURN_LOOK_US));
}
