import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import listFailedFiles from './list-failed-files.ts';

test('each file in which a test failed is told once, from where the tests were started', async () => {
  async function* events() {
    for (const [type, file] of [
      ['test:pass', 'test/e2e/a.test.ts'],
      ['test:fail', 'test/e2e/b.test.ts'],
      ['test:fail', 'test/e2e/b.test.ts'],
      ['test:fail', 'packages/c.test.ts'],
      ['test:diagnostic', 'test/e2e/d.test.ts'],
    ] as const) {
      yield { type, data: { file: join(process.cwd(), file) } };
    }
  }
  const told: string[] = [];
  for await (const line of listFailedFiles(events() as unknown as Parameters<typeof listFailedFiles>[0]))
    told.push(line);
  assert.deepEqual(told, ['test/e2e/b.test.ts\n', 'packages/c.test.ts\n']);
});
