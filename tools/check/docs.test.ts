import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeEntry } from '@sluice/core';
import { type Commands, ROOT_SCRIPTS, readCommands } from './commands.ts';
import { brokenDocs } from './docs.ts';
import { readMarkdown } from './read-markdown.ts';
import { makeFolder } from './support/make-folder.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMANDS: Commands = {
  scripts: new Map([
    [ROOT_SCRIPTS, new Set(['start', 'test', 'check'])],
    ['@sluice/a', new Set(['docs'])],
  ]),
  options: new Map([
    ['start', new Set(['--workers', '--exit'])],
    ['intake', new Set<string>()],
  ]),
};

test('every link, name, command and setting of every page is there', () => {
  assert.deepEqual(brokenDocs(ROOT, readCommands(ROOT)), []);
});

test('a link to what is missing, outside, or a heading that is not there is told', (t) => {
  const root = makeFolder(t, {
    'README.md': [
      '# The Title, twice',
      '[ok](docs/a.md) [ok](docs/a.md#part-2-of-it) [ok](docs/) [ok](#the-title-twice-1) [web](https://example.com/x)',
      '[gone](docs/b.md) [lost](docs/a.md#part-3) [own](#nothing) [out](../../etc/passwd)',
      '![picture](docs/none.svg) <img src="docs/none.png"> `[code](is/no/link)`',
      '# The title, twice',
      '```',
      '[code](is/no/link)',
      '```',
      '[ref]: docs/c.md',
    ].join('\n'),
    'docs/a.md': '# A\n## Part 2: of `it`\n[back](../README.md)\n',
  });
  assert.deepEqual(brokenDocs(root, COMMANDS), [
    'README.md: docs/b.md does not exist',
    'README.md: docs/a.md#part-3 has no such heading',
    'README.md: #nothing has no such heading',
    'README.md: ../../etc/passwd lies outside the repository',
    'README.md: docs/none.svg does not exist',
    'README.md: docs/c.md does not exist',
    'README.md: docs/none.png does not exist',
  ]);
});

test('a name that is linked to a file must be defined there', (t) => {
  const root = makeFolder(t, {
    'a.md': [
      '[`made`](src/a.ts) [`Kind`](src/a.ts) [`member()`](src/a.ts) [`take`](src/take.lua) [`piece`](src/take.lua) [`src/a.ts`](src/a.ts)',
      '[`used`](src/a.ts) [`mad`](src/a.ts) [`settle`](src/take.lua) [`b.ts`](src/a.ts)',
    ].join('\n'),
    'src/a.ts': 'export function made() { used(); }\ninterface Kind {\n  member(): void;\n}\n',
    'src/take.lua': 'local function piece() return settle() end\n',
  });
  assert.deepEqual(brokenDocs(root, COMMANDS), [
    'a.md: src/a.ts does not define used',
    'a.md: src/a.ts does not define mad',
    'a.md: src/take.lua does not define settle',
    'a.md: the link says b.ts, but leads to src/a.ts',
  ]);
});

test('a command, an option or a setting that does not exist is told', (t) => {
  const root = makeFolder(t, {
    'a.md': [
      'Run `npm start -- --workers 4 --exit`, `npm test -- a/*.test.ts`, `npm run docs -w @sluice/a`, `npx sluice --help`.',
      '`npx sluice intake|start`, `SLUICE_KNOWN=1 npx sluice intake`, `npm run check`, `npm ci`',
      '```sh',
      'npm run chekc && npm start -- --worker 4',
      'npm run docs',
      'GRAPH_UNKNOWN=1 npx sluice strat --workers 2   # npm run comment',
      'npx sluice start --wrong',
      '```',
      '| `npx sluice start\\|wroker` |',
    ].join('\n'),
    'packages/a/src/a.ts': "const name = 'SLUICE_KNOWN';\n",
  });
  assert.deepEqual(brokenDocs(root, COMMANDS), [
    'a.md: there is no npm script chekc',
    'a.md: sluice start has no option --worker',
    'a.md: there is no npm script docs',
    'a.md: there is no command sluice strat',
    'a.md: sluice start has no option --wrong',
    'a.md: there is no command sluice wroker',
    'a.md: nothing reads the setting GRAPH_UNKNOWN',
  ]);
});

test('anchors are made as GitHub makes them', () => {
  const page = readMarkdown('# What is `202`, and [why](x.md)?\n## A & B\n### Zoë_1 — late\n<a id="own"></a>\n');
  assert.deepEqual([...page.anchors], ['own', 'what-is-202-and-why', 'a--b', 'zoë_1--late']);
});

test('the entry that docs/story.md shows is the one of its activity', () => {
  const story = readFileSync(join(ROOT, 'docs/story.md'), 'utf8');
  const sent = JSON.parse(/-d '(\{.*\})'/.exec(story)![1]!);
  const entry = decodeEntry(/`(a1\w{48}[\w-]+)`/.exec(story)![1]!);
  assert.equal(entry?.activity.type, sent.type);
  assert.equal(entry?.activity.startMs, Date.parse(sent.startDateTime));
  assert.deepEqual(entry?.activity.performedBy, sent.performedBy);
  assert.ok(story.includes(`r:${entry?.receiptRef}`));
});
