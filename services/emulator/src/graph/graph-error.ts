/* Graph's error object, and the texts of those that the emulator gives of its own accord. */

/** What a refused call is told. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RequestIds {
  readonly requestId: string;
  readonly clientRequestId: string | null;
}

export function formatGraphError({ code, text }: Refusal, ids: RequestIds, nowMs: number): string {
  return JSON.stringify({
    error: {
      code,
      message: text,
      innerError: {
        date: secondsOf(nowMs),
        'request-id': ids.requestId,
        'client-request-id': ids.clientRequestId ?? ids.requestId,
      },
    },
  });
}

/** The documented body of a 429 (concepts/throttling), member for member. */
export function formatThrottled({ requestId }: RequestIds, nowMs: number): string {
  return JSON.stringify({
    error: {
      code: 'TooManyRequests',
      innerError: {
        code: '429',
        date: secondsOf(nowMs),
        message: 'Please retry after',
        'request-id': requestId,
        status: '429',
      },
      message: 'Please retry again later.',
    },
  });
}

/** What Graph says with a status when nothing else was asked for (concepts/errors). */
export function usualRefusal(status: number): Refusal {
  const [code, text] = USUAL.get(status) ?? ['UnknownError', ''];
  return { status, code, text };
}

const USUAL: ReadonlyMap<number, readonly [code: string, text: string]> = new Map([
  [400, ['invalidRequest', 'The request is malformed or incorrect.']],
  [401, ['InvalidAuthenticationToken', 'Access token validation failure.']],
  [402, ['paymentRequired', 'A payment is required for this API.']],
  [403, ['Authorization_RequestDenied', 'Insufficient privileges to complete the operation.']],
  [404, ['itemNotFound', 'The resource could not be found.']],
  [405, ['methodNotAllowed', 'The HTTP method is not allowed on this resource.']],
  [409, ['Conflict', 'The current state conflicts with what the request expects.']],
  [413, ['RequestEntityTooLarge', 'Request entity too large.']],
  [423, ['locked', 'The resource is locked.']],
  [500, ['InternalServerError', 'There was an internal server error while processing the request.']],
  [502, ['BadGateway', 'Bad gateway.']],
  [503, ['serviceNotAvailable', 'The service is temporarily unavailable.']],
  [504, ['GatewayTimeout', 'The server, while acting as a proxy, did not receive a timely response.']],
  [507, ['insufficientStorage', 'The maximum storage quota has been reached.']],
  [509, ['bandwidthLimitExceeded', 'The maximum bandwidth cap has been exceeded.']],
]);

function secondsOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 19);
}
