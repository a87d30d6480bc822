/* Who asks: what a request presents, and what is made of it. */
import type { Caller } from '../access/caller.ts';

export interface Presented {
  /** Of X-Api-Key; it beats the other. */
  readonly apiKey: string | null;
  /** Of Authorization: Bearer: a key as well, or a token. */
  readonly bearer: string | null;
}

export interface AccessRefusal {
  /** 401: who asks is not known. 503: it cannot be told now. */
  readonly status: 401 | 503;
  readonly code: string;
  readonly detail: string;
}

export type Identified =
  | { readonly ok: true; readonly caller: Caller }
  | { readonly ok: false; readonly refusal: AccessRefusal };

export interface Access {
  /** False: there are neither keys nor tokens, and everybody is ANYBODY. */
  readonly required: boolean;
  /** At once for keys; a token may have to be verified with keys that must be fetched. Never throws. */
  identify(presented: Presented): Identified | Promise<Identified>;
  /** The key as it is now; null: it was revoked. What a session asks. */
  callerOfKey(keyId: string): Caller | null;
  /** In words, for the log at start. */
  describe(): string;
  close(): void;
}
