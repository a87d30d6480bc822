/* A reporter of node's test runner: the files in which a test failed, one a line. */
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

// biome-ignore lint/style/noDefaultExport: a reporter is the default export of its file.
export default async function* listFailedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const told = new Set<string>();
  for await (const event of events) {
    if (event.type !== 'test:fail' || event.data.file === undefined) continue;
    const file = relative(process.cwd(), event.data.file);
    if (told.has(file)) continue;
    told.add(file);
    yield `${file}\n`;
  }
}
