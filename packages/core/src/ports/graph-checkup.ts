/*
  What can be found out of Graph without delivering anything: a token as a worker gets it, whether Graph answers, and whether a
  connection is there. Each look is one request, made when it is asked for and never again by itself; nothing rejects.
*/

/** What a token says of itself. It is read for people only: whether it is good, Graph decides. */
export interface TokenClaims {
  readonly audience: string | null;
  readonly tenantId: string | null;
  readonly appId: string | null;
  readonly appName: string | null;
  /** Of the application in its tenant. */
  readonly objectId: string | null;
  readonly roles: readonly string[];
  /** Seconds of a clock that is not ours, as milliseconds since 1970. */
  readonly issuedAtMs: number | null;
}

export type TokenLook =
  | {
      readonly kind: 'token';
      /** Null: it is no JSON Web Token, and only Graph can read it. */
      readonly claims: TokenClaims | null;
      readonly lifetimeMs: number;
      readonly clock: ClockLook | null;
    }
  | {
      readonly kind: 'none';
      /** token: it may work later. credential: somebody must mend it. */
      readonly code: 'token' | 'credential';
      readonly message: string;
      readonly clock: ClockLook | null;
    };

/** What another machine's clock said, and ours at about the same moment. */
export interface ClockLook {
  readonly theirsMs: number;
  readonly oursMs: number;
}

export type GraphLook =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** Graph's, empty when it said none. */
      readonly code: string;
      readonly message: string;
      readonly requestId: string | null;
      /** The JSON object of a 2xx; null: there was none. */
      readonly body: Readonly<Record<string, unknown>> | null;
      readonly clock: ClockLook | null;
      readonly durationMs: number;
    }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

export interface GraphCheckup {
  /** Without a version. */
  readonly graphRoot: string;
  /** Null: a managed identity asks its machine. */
  readonly tokenUrl: string | null;
  /** A fresh one; it is kept for the looks that follow. */
  token(): Promise<TokenLook>;
  /** When the credential ends, as far as it says so itself. */
  expiresAtMs(): Promise<number | null>;
  /** The root of Graph's API, which belongs to no tenant. Without a token it fails. */
  root(): Promise<GraphLook>;
  /** The connection itself, by Graph's id; needs a permission that deliveries do not need. */
  connection(graphId: string): Promise<GraphLook>;
  close(): Promise<void>;
}
