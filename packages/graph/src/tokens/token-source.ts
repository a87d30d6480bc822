/** Where tokens come from: one request each time, nothing remembered. A credential of another kind is another source. */
export interface TokenSource {
  /** claims: what a challenge asked for, as JSON. Rejects with a TokenError. */
  acquire(request: { readonly claims: string | null }): Promise<AcquiredToken>;
  close(): Promise<void>;
}

export interface AcquiredToken {
  readonly value: string;
  /** From the moment it was asked for. */
  readonly lifetimeMs: number;
  /** When the identity provider would like to be asked again; null: it did not say. */
  readonly refreshInMs: number | null;
}

/** No token. 'token': it may work later. 'credential': an operator must mend it. The message holds no secret. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly code: 'token' | 'credential';
  /** A floor that the identity provider set; null: none. */
  readonly retryAfterMs: number | null;

  constructor(code: TokenError['code'], message: string, retryAfterMs: number | null = null) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}
