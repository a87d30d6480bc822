/*
  Twenty thousand connections on which nobody says anything: how many the intake keeps, what they cost it, whether callers who
  were there before are still answered, and what is left of them when their time is over. It needs two open files a connection,
  half of them in the intake: ulimit -n 25000 (raised by itself as far as the system allows).
    node bench/idle/hold-connections.ts [connections]
*/
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { spawnService, startRedis } from '@sluice/testing';

const WANTED = Number(process.argv[2] ?? 20_000);
/** So many are being opened at once. */
const OPENING = 200;
const ASKED_EVERY_MS = 50;
const BODY = JSON.stringify({
  type: 'viewed',
  startDateTime: '2026-01-31T13:45:00Z',
  performedBy: { type: 'externalGroup', id: 'g' },
});
/** 5 s for headers that never come, a second between two looks, and as much again for a busy machine. */
const PRUNED_MS_MAX = 30_000;

const redis = await startRedis({ appendOnly: true });
const intake = await spawnService({ service: 'intake', env: { REDIS_URL: redis.url } });
const port = Number(new URL(intake.url!).port);
const state = { opened: 0, open: 0, failed: 0, told408: 0 };
const sockets = new Set<Socket>();

function open(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = connect(port, '127.0.0.1');
  sockets.add(socket);
  let connected = false;
  socket.on('connect', () => {
    connected = true;
    state.opened++;
    state.open++;
    resolve();
  });
  socket.on('data', (chunk) => {
    if (chunk.includes(' 408 ')) state.told408++;
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    sockets.delete(socket);
    if (connected) state.open--;
    else state.failed++;
    resolve();
  });
  return promise;
}

function describe(when: string): void {
  const status = readFileSync(`/proc/${intake.pid}/status`, 'utf8');
  const rssMib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
  const files = readdirSync(`/proc/${intake.pid}/fd`).length;
  console.log(`${when}: ${state.open} open here; the intake has ${files} files and ${rssMib.toFixed(0)} MiB`);
}

/** One caller on a connection of his own, for as long as it goes. */
function keepAsking(): { stop(): Promise<readonly number[]> } {
  const request = `POST /v1/connections/idle/items/a1/activities HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;
  const times: number[] = [];
  const socket = connect(port, '127.0.0.1');
  let over = false;
  const asking = (async () => {
    while (!over) {
      const begun = performance.now();
      socket.write(request);
      const [answer] = await new Promise<[Buffer]>((resolve, reject) => {
        socket.once('data', (chunk) => resolve([chunk as Buffer]));
        socket.once('close', () => reject(new Error('the caller who was there before was cut off')));
      });
      socket.removeAllListeners('close');
      if (!answer.toString('latin1').startsWith('HTTP/1.1 202'))
        throw new Error(answer.toString('latin1').slice(0, 200));
      times.push(performance.now() - begun);
      await new Promise((resolve) => setTimeout(resolve, ASKED_EVERY_MS));
    }
  })();
  asking.catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
  return {
    stop: async () => {
      over = true;
      await asking.catch(() => {});
      socket.destroy();
      return times;
    },
  };
}

describe('before');
const caller = keepAsking();
const begun = performance.now();
let asked = 0;
await Promise.all(
  Array.from({ length: OPENING }, async () => {
    while (asked++ < WANTED) await open();
  }),
);
describe(
  `${WANTED} asked for in ${((performance.now() - begun) / 1000).toFixed(1)} s, ${state.opened} opened, ${state.failed} not`,
);
while (state.open > 0 && performance.now() - begun < PRUNED_MS_MAX) {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  describe(`${((performance.now() - begun) / 1000).toFixed(0)} s`);
}
const times = [...(await caller.stop())].sort((a, b) => a - b);
const at = (share: number) => times[Math.min(times.length - 1, Math.floor(share * times.length))]?.toFixed(1);
console.log(
  `${state.told408} were told 408; the caller: ${times.length} answers, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
);
if (state.open > 0) process.exitCode = 1;
for (const socket of sockets) socket.destroy();
await intake.kill('SIGTERM');
await redis.stop();
