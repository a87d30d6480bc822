import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBusyTicks, parseProcessTicks, startCpuMeter } from './cpu.ts';

test('the ticks of a process are utime and stime, whatever its name is', () => {
  const stat = '42 (a ) b 7) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 9 9 20 0 11 0 12345 0 0';
  assert.equal(parseProcessTicks(stat), 300);
});

test('a machine is busy when it is neither idle nor waiting for a disk', () => {
  assert.equal(parseBusyTicks('cpu  100 1 20 5000 400 3 4 5 6 7\ncpu0 1 2\n'), 133);
});

test('what a process used is what the process says it used', { skip: process.platform !== 'linux' }, () => {
  const before = process.cpuUsage();
  const begunMs = performance.now();
  const meter = startCpuMeter({ me: process.pid });
  while (process.cpuUsage(before).user < 300_000);
  const { cores } = meter.stop();
  const { user, system } = process.cpuUsage(before);
  const seconds = (cores['me']! * (performance.now() - begunMs)) / 1000;
  assert.ok(Math.abs(seconds - (user + system) / 1e6) < 0.1, `${seconds} s beside ${(user + system) / 1e6} s`);
});
