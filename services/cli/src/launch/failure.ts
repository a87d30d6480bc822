/** Why everything has to stop: what is said, and the exit code. */
export interface Failure {
  readonly exitCode: number;
  readonly lines: readonly string[];
}

export class LaunchFailed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.lines.join('\n'));
    this.name = 'LaunchFailed';
    this.failure = failure;
  }
}

/** Thrown where a start was given up because somebody asked for a stop. */
export class StopRequested extends Error {
  constructor() {
    super('A stop was requested.');
    this.name = 'StopRequested';
  }
}
