/* Who did what, kept in order of time, the last AUDIT_KEPT_MAX. It is written after the deed and says what came of it. */

export interface AuditedDeed {
  /** The client's name, or the application of a token. */
  readonly who: string;
  /** Of the key; empty: none was used. */
  readonly keyId: string;
  /** pause, resume, replay, … */
  readonly action: string;
  /** Empty: none alone. */
  readonly connectionId: string;
  /** What of it, in a few words: a filter, a number of ids. Never an activity, never a performer. */
  readonly detail: string;
  readonly outcome: 'done' | 'refused' | 'failed';
  /** Of the answer. */
  readonly status: number;
  readonly requestId: string;
}

export interface AuditedEntry extends AuditedDeed {
  readonly id: string;
  readonly atMs: number;
}

export interface AuditPage {
  /** The newest first. */
  readonly entries: readonly AuditedEntry[];
  /** Where older ones go on; null: there are none. */
  readonly next: string | null;
}

export const AUDIT_KEPT_MAX = 10_000;
export const AUDIT_PAGE_MAX = 1000;
/** Every text is cut to this length. */
export const AUDIT_TEXT_MAX = 256;

export interface AuditLog {
  recordDeed(deed: AuditedDeed): Promise<void>;
  /** cursor: the `next` of an earlier page, or null for the newest; one that is none answers an empty page. limit: 1 to AUDIT_PAGE_MAX. */
  readDeeds(request: { readonly cursor: string | null; readonly limit: number }): Promise<AuditPage>;
}
