/* sluice doctor: the first hour with a real tenant, and any hour in which nothing works. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceAnswer } from '../doctor/check-service.ts';
import { examine } from '../doctor/examine.ts';
import { findRunning } from '../doctor/find-running.ts';
import type { Finding } from '../doctor/finding.ts';
import { findingsOf } from '../doctor/finding.ts';
import { type Sent, sendOne } from '../doctor/send-one.ts';
import { openScreen, summaryOf } from '../doctor/show-findings.ts';
import { watchStopSignals } from '../start/stop-signals.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, type World } from '../world.ts';
import { openConsole } from './ask-console.ts';
import { openIntake } from './ask-intake.ts';
import { tellFailure } from './command-failed.ts';
import { readBaseUrl } from './read-base-url.ts';
import { readOptions, refuseUsage } from './read-options.ts';
import { tellUnreachable } from './tell-unreachable.ts';

const OPTIONS = {
  json: { type: 'boolean' },
  connection: { type: 'string' },
  item: { type: 'string' },
  performer: { type: 'string' },
  wait: { type: 'string' },
} as const;
const GUID = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const ANSWER_MS_MAX = 10_000;
const WAIT_S_DEFAULT = 60;
const WAIT_S_MAX = 3600;

interface Asked {
  readonly connection: string | null;
  readonly item: string | null;
  readonly performer: string | null;
  readonly waitMs: number;
  readonly isJson: boolean;
}

export function runDoctor(args: readonly string[], world: World): Promise<number> {
  return tellFailure(world, async () => {
    const asked = readAsked(args);
    const signals = watchStopSignals({ onSecond: world.exit, underNpm: false });
    try {
      const stopped = Promise.withResolvers<number>();
      signals.requested.addEventListener('abort', () => stopped.resolve(EXIT_INTERRUPTED));
      return await Promise.race([diagnose(asked, world, signals.requested), stopped.promise]);
    } finally {
      signals.dispose();
    }
  });
}

function readAsked(args: readonly string[]): Asked {
  const words = readOptions('doctor', args, OPTIONS);
  const [first, second, ...others] = words.operands;
  const connection = words.text('connection') ?? first;
  const item = words.text('item') ?? (words.text('connection') === undefined ? second : first);
  const used = [connection, item].filter((word) => word !== undefined && words.operands.includes(word)).length;
  if (others.length > 0 || used < words.operands.length)
    throw refuseUsage('doctor takes a connection and an item.', 'doctor');
  if (item !== undefined && connection === undefined) throw refuseUsage('--item needs a connection.', 'doctor');
  const performer = words.text('performer');
  if (performer !== undefined && !GUID.test(performer)) {
    throw refuseUsage(
      '--performer is the Entra object id of a user, a GUID; not a name or an e-mail address.',
      'doctor',
    );
  }
  const wait = Number(words.text('wait') ?? WAIT_S_DEFAULT);
  if (!(wait >= 1 && wait <= WAIT_S_MAX))
    throw refuseUsage(`--wait is a number of seconds from 1 to ${WAIT_S_MAX}.`, 'doctor');
  return {
    connection: connection ?? null,
    item: item ?? null,
    performer: performer ?? null,
    waitMs: wait * 1000,
    isJson: words.flag('json'),
  };
}

async function diagnose(asked: Asked, outer: World, signal: AbortSignal): Promise<number> {
  const { env, taken } = findRunning(outer);
  const world = { env, cwd: outer.cwd };
  const findings: Finding[] = [];
  const screen = asked.isJson ? null : openScreen(outer.out, env);
  const tell = (finding: Finding) => {
    findings.push(finding);
    screen?.tell(finding);
  };
  if (taken !== null) tell(findingsOf('settings').ok(taken));
  const [intake, console] = [openIntake(world), openConsole(world)];
  const { objectId } = await examine({
    env,
    version: versionOf(outer),
    connection: asked.connection,
    intake,
    console,
    consoleUrl: readBaseUrl(env, 'SLUICE_CONSOLE_URL', 'http://127.0.0.1:8081'),
    ask: askService,
    nowMs: Date.now,
    tell,
  });
  let delivery: Sent | null = null;
  if (asked.connection !== null && asked.item !== null) {
    const performer = asked.performer ?? objectId;
    if (performer === null) {
      const { fail } = findingsOf('delivery', { connection: asked.connection });
      tell(
        fail(
          'Nothing was sent: somebody has to have viewed the item, and the token does not say who the application is.',
          'Name a user of the tenant: --performer OBJECT-ID (az ad signed-in-user show --query id).',
        ),
      );
    } else {
      const { connection, item, waitMs: withinMs } = asked;
      delivery = await sendOne({
        ...{ intake, console, connection, item, performer, withinMs, nowMs: Date.now, tell, signal },
        say: (line) => screen?.say(line),
      });
    }
  }
  const ok = findings.every(({ state }) => state !== 'fail');
  outer.out.write(
    asked.isJson
      ? `${JSON.stringify({ ok, findings, ...(delivery && { delivery }) })}\n`
      : `\n${summaryOf(findings)}\n`,
  );
  return ok ? 0 : EXIT_FAILED;
}

async function askService(
  service: 'intake' | 'console',
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<ServiceAnswer> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS_MAX), redirect: 'manual' });
    return { kind: 'answered', status: response.status, text: await response.text() };
  } catch (error) {
    const setting = service === 'intake' ? 'SLUICE_URL' : 'SLUICE_CONSOLE_URL';
    const { cause, remedy } = tellUnreachable(service, new URL(url).origin, setting, error);
    return { kind: 'failed', message: cause, remedy };
  }
}

function versionOf({ root }: World): string {
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(join(root, 'services/cli/package.json'), 'utf8'),
  );
  return manifest.version;
}
