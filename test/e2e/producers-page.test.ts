/* The examples of docs/producers.md, as they stand there, against a real intake. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openStore } from '../support/conservation.ts';
import { type System, startSystem } from '../support/start-system.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/producers.md'), 'utf8');

let system: System;
let folder: string;
before(async () => {
  system = await startSystem({ workers: 0, intakes: 1 });
  folder = mkdtempSync(join(tmpdir(), 'sluice-page-'));
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await system.stop();
});

test('curl', (t) => assertPosts(t, { language: 'sh', file: 'example.sh', command: ['bash'] }));

test('Python', (t) => assertPosts(t, { language: 'python', file: 'example.py', command: ['python3'] }));

test('TypeScript, with the built client', (t) => {
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json'], {
    cwd: join(ROOT, 'packages/client'),
  });
  mkdirSync(join(folder, 'node_modules/@sluice'), { recursive: true });
  symlinkSync(join(ROOT, 'packages/client'), join(folder, 'node_modules/@sluice/client'));
  return assertPosts(t, { language: 'ts', file: 'example.mts', command: [process.execPath] });
});

test('every example has an id and looks at what was rejected, C# too', () => {
  for (const language of ['sh', 'python', 'ts', 'csharp']) {
    const code = exampleIn(language);
    assert.match(code, /page-view-4711/);
    assert.match(code, /rejected/);
  }
});

interface Example {
  readonly language: string;
  readonly file: string;
  readonly command: readonly string[];
}

async function assertPosts(t: TestContext, { language, file, command }: Example): Promise<void> {
  const [program = '', ...args] = command;
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
  } catch {
    return t.skip(`there is no ${program} here`);
  }
  const run = (code: string, env: Record<string, string> = {}) => {
    writeFileSync(join(folder, file), code);
    return runProgram(program, [...args, file], { SLUICE_URL: system.intakes[0]!.url!, ...env });
  };
  const code = exampleIn(language);
  const before = await accepted();
  const first = await run(code);
  assert.deepEqual([first.code, first.err], [0, ''], first.out);
  // Sent again it is not stored again.
  assert.equal((await run(code)).code, 0);
  assert.equal((await accepted()) - before, 1);

  const refused = await run(code.replace(/viewed/, 'view'));
  assert.equal(refused.code, 1, refused.out);
  assert.match(refused.out + refused.err, /type_unknown/);
  assert.equal((await accepted()) - before, 1);
}

/** The only block of that language that posts something. */
function exampleIn(language: string): string {
  const blocks = [...PAGE.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(
    ([, name, code]) => name === language && code!.includes('page-view-4711'),
  );
  assert.equal(blocks.length, 1, `one example in ${language}`);
  return blocks[0]![2]!;
}

/** How many the store has taken. */
async function accepted(): Promise<number> {
  const store = openStore(system);
  try {
    return (await store.connection('demo'))?.appended ?? 0;
  } finally {
    await store.close();
  }
}

function runProgram(program: string, args: readonly string[], env: Record<string, string>) {
  return new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    const options = { cwd: folder, env: { ...process.env, SLUICE_API_KEY: '', ...env }, timeout: 120_000 };
    const child = execFile(program, [...args], options, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}
