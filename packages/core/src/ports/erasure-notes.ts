/*
  How far erasures are, written down by the console that walks, so that every console can tell, and say when nobody walks any
  more. Nothing is decided by it: what is to be erased stands in the marks of the connections. Nobody is named but by a digest.
*/

export interface ErasureNote {
  readonly id: string;
  /** Of the performer. */
  readonly digest: string;
  readonly running: boolean;
  /** What there is to tell; the console's own. */
  readonly text: string;
}

export interface NotedErasure extends ErasureNote {
  /** How long ago it was written, by the store's clock. */
  readonly silentMs: number;
}

export interface ErasureNotes {
  /** Written again, it replaces what was written before. */
  noteErasure(note: ErasureNote): Promise<void>;
  /** Null: there is none, or it is long ago. */
  erasureNote(id: string): Promise<NotedErasure | null>;
  /** One of this performer that runs, and was written within aliveMs. */
  runningErasure(of: { readonly digest: string; readonly aliveMs: number }): Promise<NotedErasure | null>;
}

/** Of more, those that were written longest ago go. */
export const ERASURE_NOTES_MAX = 1000;
/** A day after the last none is left. */
export const ERASURE_NOTES_KEPT_MS = 86_400_000;
