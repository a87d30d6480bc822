/* BullMQ's connections are copies of the store's: what goes wrong with them is told in the store's words, which name the setting to look at. */
import type { RedisStore } from '@sluice/store';

export function describeErrors(
  store: Pick<RedisStore, 'describe'>,
  onError: (error: Error) => void,
): (error: Error) => void {
  return (error) => {
    // What is no error would end the process here, where nobody catches.
    const words = error instanceof Error ? store.describe(error) : error;
    if (words !== null) onError(words);
  };
}
