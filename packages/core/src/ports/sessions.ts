/*
  Sessions of people at the console's page, kept in the store, so that every console knows them and none forgets them with a
  restart. What the browser holds is not here: only a digest of it.
*/

export interface SessionStore {
  /** Whose it is stands in `text`. It ends after lifeMs, and when nobody came for idleMs. Of more than SESSIONS_MAX the one that would end first goes. */
  openSession(session: {
    readonly id: string;
    readonly text: string;
    readonly lifeMs: number;
    readonly idleMs: number;
  }): Promise<void>;
  /** The text it was opened with, and its idle time begins anew; null: there is none, or it has ended. */
  findSession(session: { readonly id: string; readonly idleMs: number }): Promise<string | null>;
  /** Nothing happens when there is none. */
  endSession(id: string): Promise<void>;
}

export const SESSIONS_MAX = 1000;
