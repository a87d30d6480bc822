import { inert } from '../inert.ts';
import type { World } from '../world.ts';

/** A command that ends here: one message for the person, and the exit code. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly exitCode: number;
  /** Of the answer that it failed with; null: there was none. */
  readonly status: number | null;

  constructor(text: string, exitCode: number, status: number | null = null) {
    super(text);
    this.exitCode = exitCode;
    this.status = status;
  }
}

/** Says what failed on stderr; everything else that is thrown is a bug and stays one. */
export async function tellFailure(world: World, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    world.err.write(inert(`${error.message}\n`));
    return error.exitCode;
  }
}
