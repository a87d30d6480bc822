/* A script's header is its published interface: each is compared with its body. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { KEY_COUNTS, loadScript, readScript, SCRIPT_NAMES, type ScriptName } from '../src/scripts.ts';

const LINES_MAX = 130;

interface Header {
  readonly keys: readonly number[];
  readonly args: readonly number[];
  readonly statuses: readonly string[];
}

function split(name: ScriptName): { readonly header: string; readonly body: string } {
  const text = readScript(name);
  const match = /^--\[\[\n([\s\S]*?)\n\]\]\n([\s\S]*)$/.exec(text);
  assert.ok(match, `${name} begins with a header in --[[ ]]`);
  return { header: match[1]!, body: match[2]! };
}

function readHeader(header: string): Header {
  const section = (title: string) => new RegExp(`^ {2}${title}\\b.*\\n((?: {4}.*\\n?)*)`, 'm').exec(header)?.[1] ?? '';
  const numbers = (text: string) => [...text.matchAll(/^ {4}(\d+) /gm)].map((match) => Number(match[1]));
  const statuses = [...section('RETURNS').matchAll(/^ {4}([a-z-]+) {2,}/gm)].map((match) => match[1]!);
  return { keys: numbers(section('KEYS')), args: numbers(section('ARGV')), statuses };
}

const used = (body: string, list: 'KEYS' | 'ARGV') =>
  [...new Set([...body.matchAll(new RegExp(`${list}\\[(\\d+)\\]`, 'g'))].map((match) => Number(match[1])))].sort(
    (a, b) => a - b,
  );

for (const name of SCRIPT_NAMES) {
  test(`the header of ${name} names exactly the keys, arguments and answers of its body`, () => {
    const { header, body } = split(name);
    const said = readHeader(header);
    assert.match(header, new RegExp(`^ {2}${name}: `), 'the first line names the script and what it does');
    assert.deepEqual(used(body, 'KEYS'), said.keys, 'KEYS');
    assert.equal(said.keys.length, KEY_COUNTS[name], 'number of keys passed');
    // A script with a list at its end reads the last named argument through a name of its own.
    const args = used(body, 'ARGV');
    assert.deepEqual(args, said.args.slice(0, args.length), 'ARGV');
    assert.ok(said.args.length - args.length <= 1, 'at most the variable end is not read by number');
    for (const status of said.statuses) {
      assert.ok(loadScript(name).includes(`'${status}'`), `${name} can answer ${status}`);
    }
    for (const [, status] of body.matchAll(/return \{ '([a-z-]+)'/g)) {
      assert.ok(header.includes(status!), `${name} answers ${status}, so its header names it`);
    }
  });

  test(`${name} binds its keys and arguments first, and is at most ${LINES_MAX} lines`, () => {
    const { body } = split(name);
    const lines = body.split('\n');
    const lastBinding = lines.findLastIndex((line) => /(KEYS|ARGV)\[\d+\]/.test(line));
    const firstOther = lines.findIndex((line) => line !== '' && !line.startsWith('local '));
    assert.ok(
      lastBinding < (firstOther === -1 ? lines.length : firstOther),
      'no KEYS[n] or ARGV[n] after the binding lines',
    );
    assert.ok(readScript(name).split('\n').length <= LINES_MAX);
  });

  test(`${name} reads no clock but Redis's and no chance`, () => {
    assert.doesNotMatch(loadScript(name), /os\.time|os\.clock|math\.random/);
  });
}

test('every script in the folder is loaded by name', () => {
  const files = readdirSync(new URL('../src/scripts/', import.meta.url)).filter((file) => file.endsWith('.lua'));
  assert.deepEqual(files.map((file) => file.replace('.lua', '')).sort(), [...SCRIPT_NAMES].sort());
});
