/* Whether something that nobody may read was said: each canary by what it is, in each place by its name. */
import assert from 'node:assert/strict';
import { LOG_LINES_MAX, type Service } from '@sluice/testing';

/** A place with less than this was not really looked at; unless told how much there must be. */
const LENGTH_MIN = 100;

export function assertNowhere(
  canaries: Readonly<Record<string, string>>,
  places: Readonly<Record<string, readonly string[]>>,
  lengthMin = LENGTH_MIN,
): void {
  for (const [place, texts] of Object.entries(places)) {
    const all = texts.join('\n').toLowerCase();
    assert.ok(all.length > lengthMin, `${place} has something to search: ${all.length}`);
    for (const [what, canary] of Object.entries(canaries)) {
      const at = all.indexOf(canary.toLowerCase());
      assert.equal(at, -1, `${what} is in the ${place}: …${all.slice(Math.max(0, at - 200), at + 100)}…`);
    }
  }
}

/** Everything a service printed, after it was seen that each line is one of its own making and none was forgotten. */
export function printedBy(services: readonly Service[]): readonly string[] {
  return services.map(({ logs }) => {
    assert.ok(logs.length < LOG_LINES_MAX, `${logs.length} lines: the first ones were forgotten`);
    const foreign = logs.filter((line) => line.level === 0 || typeof line['service'] !== 'string');
    assert.deepEqual(foreign, [], 'each line is JSON with its service');
    return JSON.stringify(logs);
  });
}
