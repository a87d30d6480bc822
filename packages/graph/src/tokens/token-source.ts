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
  /** The provider's clock; null or absent: it did not say. */
  readonly answeredAtMs?: number | null;
}

export interface TokenErrorParts {
  readonly retryAfterMs?: number | null;
  readonly answeredAtMs?: number | null;
}

/** No token. 'token': it may work later. 'credential': an operator must mend it. The message holds no secret. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly code: 'token' | 'credential';
  /** A floor that the identity provider set; null: none. */
  readonly retryAfterMs: number | null;
  /** The provider's clock when it refused; null: it did not say, or did not answer. */
  readonly answeredAtMs: number | null;

  constructor(
    code: TokenError['code'],
    message: string,
    { retryAfterMs = null, answeredAtMs = null }: TokenErrorParts = {},
  ) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.answeredAtMs = answeredAtMs;
  }
}
