/* The emulator as a process: settings from the environment, signals, exit codes. */
import { createLogger } from '@sluice/telemetry';
import { type Emulator, startEmulator } from './emulator.ts';

const PORT_DEFAULT = 8090;
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];
const EXIT_CONFIGURATION = 78;

interface Settings {
  readonly port: number;
  readonly bind: string;
  readonly dataDir: string;
  readonly level: string;
}

function readSettings(env: NodeJS.ProcessEnv): Settings | string {
  const port = env['PORT'] || String(PORT_DEFAULT);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return `PORT must be a whole number from 0 to 65535; it is "${port.slice(0, 80)}"`;
  }
  const level = env['LOG_LEVEL'] || 'info';
  if (!LEVELS.includes(level)) return `LOG_LEVEL must be one of ${LEVELS.join(', ')}; it is "${level.slice(0, 80)}"`;
  return {
    port: Number(port),
    bind: env['SLUICE_BIND'] || env['HOST'] || '127.0.0.1',
    dataDir: env['SLUICE_DATA_DIR'] || '.sluice',
    level,
  };
}

async function main(): Promise<void> {
  const settings = readSettings(process.env);
  if (typeof settings === 'string') return fail(settings, EXIT_CONFIGURATION);
  const log = createLogger('emulator', settings.level);
  let emulator: Emulator;
  try {
    emulator = await startEmulator({ ...settings, log });
  } catch (error) {
    return fail(startProblem(error, settings), 1);
  }
  stopOnSignal(emulator, (signal) => log.info({ signal }, 'stopping'));
  log.info({ url: emulator.url }, 'listening');
  log.info({}, 'started');
}

function startProblem(error: unknown, { port, bind, dataDir }: Settings): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const text = error instanceof Error ? error.message : String(error);
  if (code === 'EADDRINUSE') return `port ${port} on ${bind} is taken; set PORT to another (0 takes a free one)`;
  if (code === 'EACCES' && text.includes('listen')) return `port ${port} on ${bind} may not be used by this user`;
  return `cannot start on ${bind}:${port} with SLUICE_DATA_DIR ${dataDir}: ${text}`;
}

function stopOnSignal(emulator: Emulator, say: (signal: string) => void): void {
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    say(signal);
    emulator.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function fail(text: string, exitCode: number): void {
  process.stderr.write(`emulator: ${text}\n`);
  process.exitCode = exitCode;
}

await main();
