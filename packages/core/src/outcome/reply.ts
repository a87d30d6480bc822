/** What came back of one call to Graph, before anybody judged it. Made by packages/graph, read only by this folder. */
export type Reply = AnsweredReply | FailedReply;

/** A status line was read. */
export interface AnsweredReply {
  readonly kind: 'answered';
  readonly status: number;
  readonly headers: ReplyHeaders;
  /** The parsed JSON body; undefined when there was none or it could not be read, and then bodyProblem says why. */
  readonly body: unknown;
  readonly bodyProblem: BodyProblem | null;
  /** The body's first characters, for people; never parsed. At most 512. */
  readonly bodyExcerpt: string;
  readonly durationMs: number;
}

export type BodyProblem = 'empty' | 'not-json' | 'too-large' | 'cut-off';

export interface ReplyHeaders {
  readonly retryAfter: string | null;
  readonly date: string | null;
  readonly requestId: string | null;
  readonly wwwAuthenticate: string | null;
}

/** No status line. `certainty` tells whether Graph may have applied the call. */
export interface FailedReply {
  readonly kind: 'failed';
  readonly certainty: 'not-sent' | 'maybe-sent';
  /**
   * refused, dns, tls, connect-timeout: no connection, so not sent. lease: too little of the lease was left, so not sent.
   * token: no token could be had (transient); credential: the identity provider refuses the credential. Both not sent.
   * unsendable: an id is outside its allow-list, so no URL was built; not sent, and never will be.
   * timeout, reset, protocol: the request may have been applied.
   */
  readonly code: FailureCode;
  readonly message: string;
  readonly durationMs: number;
}

export type FailureCode =
  | 'refused'
  | 'dns'
  | 'tls'
  | 'connect-timeout'
  | 'lease'
  | 'token'
  | 'credential'
  | 'unsendable'
  | 'timeout'
  | 'reset'
  | 'protocol';
