import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ConnectionLoad, type FleetLoad, usefulWorkers } from './useful-workers.ts';

const LOAD: ConnectionLoad = {
  tenant: 'default',
  state: 'flowing',
  pending: 1_000_000,
  delayed: 0,
  callsPerSecond: 25,
  inFlightMax: 20,
  callSeconds: null,
};
const fleet = (connections: readonly Partial<ConnectionLoad>[], parts: Partial<FleetLoad> = {}): FleetLoad => ({
  connections: connections.map((one) => ({ ...LOAD, ...one })),
  tenantCallsPerSecond: new Map(),
  workerCallsMax: 100,
  ...parts,
});
const many = (count: number, parts: Partial<ConnectionLoad> = {}) => Array.from({ length: count }, () => parts);

test('a fleet with nothing to do can use one worker', () => {
  assert.equal(usefulWorkers(fleet([])), 1);
  assert.equal(usefulWorkers(fleet(many(500, { pending: 0 }))), 1);
  assert.equal(usefulWorkers(fleet(many(500, { pending: 7, delayed: 7 }))), 1);
});

test('a backlog of a million on one connection is worth no more workers than its calls in flight need', () => {
  assert.equal(usefulWorkers(fleet([{}])), 1);
  assert.equal(usefulWorkers(fleet(many(5))), 1);
  assert.equal(usefulWorkers(fleet(many(6))), 2);
  assert.equal(usefulWorkers(fleet(many(50))), 10);
});

test('quick calls need less room than may be in flight: rate times duration', () => {
  assert.equal(usefulWorkers(fleet(many(50, { callSeconds: 0.1 }))), 2);
  assert.equal(usefulWorkers(fleet(many(50, { callSeconds: 10 }))), 10);
});

test('calls a second need processors, whatever room there is', () => {
  assert.equal(usefulWorkers(fleet(many(1, { callsPerSecond: 3500, inFlightMax: 50 }))), 4);
});

test('a stopped connection is worth its probe, a paused one nothing', () => {
  const max = { workerCallsMax: 1 };
  assert.equal(usefulWorkers(fleet(many(30, { state: 'held' }), max)), 30);
  assert.equal(usefulWorkers(fleet(many(30, { state: 'breaker' }), max)), 30);
  assert.equal(usefulWorkers(fleet(many(30, { state: 'paused' }), max)), 1);
  assert.equal(usefulWorkers(fleet(many(1, { state: 'closed' }), max)), 20);
});

test('the limit of a tenant binds what its connections could use together', () => {
  const connections = many(50, { callsPerSecond: 25 });
  assert.equal(usefulWorkers(fleet(connections, { tenantCallsPerSecond: new Map([['default', 125]]) })), 1);
  assert.equal(usefulWorkers(fleet(connections, { tenantCallsPerSecond: new Map([['another', 1]]) })), 10);
});

test('there is always one, more backlog never means fewer, and the quota is the ceiling', () => {
  const load = fc.record({
    tenant: fc.constantFrom('a', 'b'),
    state: fc.constantFrom('flowing', 'idle', 'closed', 'paused', 'held', 'breaker'),
    pending: fc.nat(1e7),
    delayed: fc.nat(1e4),
    callsPerSecond: fc.double({ min: 0.01, max: 1e4, noNaN: true }),
    inFlightMax: fc.integer({ min: 1, max: 1000 }),
    callSeconds: fc.option(fc.double({ min: 0, max: 600, noNaN: true })),
  });
  const limits = fc.dictionary(fc.constantFrom('a', 'b'), fc.double({ min: 0.01, max: 1e4, noNaN: true }));
  fc.assert(
    fc.property(
      fc.array(load, { maxLength: 30 }),
      fc.integer({ min: 1, max: 1000 }),
      limits,
      (loads, max, byTenant) => {
        const of = (connections: readonly ConnectionLoad[], tenants = new Map(Object.entries(byTenant))) =>
          usefulWorkers({ connections, workerCallsMax: max, tenantCallsPerSecond: tenants });
        const workers = of(loads);
        assert.ok(Number.isInteger(workers) && workers >= 1);
        assert.ok(
          of(
            loads.map((one) => ({ ...one, pending: one.pending + 1000 })),
            new Map(),
          ) >= of(loads, new Map()),
        );
        const room = loads.reduce((sum, { inFlightMax }) => sum + inFlightMax, 0);
        const rate = loads.reduce((sum, { callsPerSecond }) => sum + callsPerSecond, 0);
        assert.ok(workers <= Math.max(1, Math.ceil(room / max), Math.ceil(rate / 1000)));
      },
    ),
  );
});
