import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { openLogFile } from './log-file.ts';

test('a log is two files at most, each within its limit', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'logs', 'a.log');
  const log = openLogFile(path, 10);
  for (const text of ['one\n', 'two\n', 'three\n', 'four\n']) log.append(text);
  log.close();
  log.append('after the end');
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'three\n');
  assert.equal(readFileSync(path, 'utf8'), 'four\n');
});

test('a log that is already too large begins anew, and goes on otherwise', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'a.log');
  writeFileSync(path, 'x'.repeat(11));
  const log = openLogFile(path, 10);
  log.append('new\n');
  log.close();
  const again = openLogFile(path, 10);
  again.append('more\n');
  again.close();
  assert.equal(readFileSync(path, 'utf8'), 'new\nmore\n');
});
