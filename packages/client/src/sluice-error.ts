/* Why an activity is not known to be stored, in a form that a program can look at. */

/** RFC 9457, as the intake answers it. */
export interface Problem {
  /** 0: there was no answer. */
  readonly status: number;
  /** Stable. The intake's own, or one of `no_answer`, `answer_not_understood`, `unexpected_status`. */
  readonly code: string;
  readonly detail: string;
  /** The intake's log has the rest under it. */
  readonly requestId: string | null;
}

export interface Rejection {
  readonly index: number;
  /** From the request's body: `#/activities/4/type`. */
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

export interface SluiceErrorParts {
  /** The intake's code, or one of `deadline_exceeded`, `buffer_full`, `client_closed`, `activity_not_json`, `activity_too_large`. */
  readonly code: string;
  readonly message: string;
  /** `no`: not stored. `unknown`: perhaps; track it again with the same id, and it is accepted once. */
  readonly stored: 'no' | 'unknown';
  /** The member that is wrong, as a JSON pointer into the activity: `#/type`. */
  readonly pointer?: string | null;
  readonly problem?: Problem | null;
}

export class SluiceError extends Error {
  override readonly name = 'SluiceError';
  readonly code: string;
  readonly stored: 'no' | 'unknown';
  readonly pointer: string | null;
  /** The answer behind it; null: there was none. */
  readonly problem: Problem | null;

  constructor({ code, message, stored, pointer = null, problem = null }: SluiceErrorParts) {
    super(`${code}${pointer === null || pointer === '#' ? '' : ` at ${pointer}`}: ${message}`);
    this.code = code;
    this.stored = stored;
    this.pointer = pointer;
    this.problem = problem;
  }
}

/** A pointer into the request, as one into the activity alone. */
export function pointerInActivity(pointer: string): string {
  return pointer.replace(/^#\/activities\/\d+/, '#');
}

export function errorOfRejection({ code, message, pointer }: Rejection, problem: Problem | null): SluiceError {
  return new SluiceError({ code, message, stored: 'no', pointer: pointerInActivity(pointer), problem });
}

export function errorOfRefusal(problem: Problem): SluiceError {
  return new SluiceError({ code: problem.code, message: problem.detail, stored: 'no', problem });
}
