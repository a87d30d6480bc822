/* Writes the Retry-After header in the shape that was asked for; null = no header. */

export interface RetryAfterInput {
  readonly shape: string;
  readonly waitMs: number;
  /** The instant of the response's Date header: a date is counted from there, as a client with another clock must. */
  readonly nowMs: number;
}

export function formatRetryAfter({ shape, waitMs, nowMs }: RetryAfterInput): string | null {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  switch (shape) {
    case 'seconds':
      return String(seconds);
    case 'decimal':
      return (Math.max(1, Math.ceil(waitMs)) / 1000).toFixed(3);
    case 'date':
      return new Date((Math.floor(nowMs / 1000) + seconds) * 1000).toUTCString();
    case 'absent':
      return null;
    default:
      return shape;
  }
}
