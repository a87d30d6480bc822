/* The trace that a request belongs to, kept with its receipt, so that the call that carries its entries can be linked to it. */

export interface TraceStore {
  /** Once for each receipt; of one that is not there, or not any more, nothing is kept. */
  noteTrace(receiptId: string, traceparent: string): Promise<void>;
  /** By receipt ref, as entries of this connection carry it, at most TRACES_READ_MAX; null: none was noted. */
  tracesOf(connectionId: string, receiptRefs: readonly string[]): Promise<readonly (string | null)[]>;
}

/** As many as a call has entries. */
export const TRACES_READ_MAX = 20;
