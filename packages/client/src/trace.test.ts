import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTrace } from './trace.ts';

test('the active trace is passed on, and nothing else of what a propagator writes', () => {
  const api = {
    context: { active: () => 'ctx' },
    propagation: {
      inject(context: unknown, carrier: Record<string, string>) {
        carrier['traceparent'] = `00-${context}`;
        carrier['tracestate'] = 'a=b';
        carrier['baggage'] = 'user=ada';
      },
    },
  };
  assert.deepEqual(openTrace(() => api)(), { traceparent: '00-ctx', tracestate: 'a=b' });
});

test('without OpenTelemetry there is nothing to pass on', () => {
  const missing = () => {
    throw new Error('Cannot find module');
  };
  assert.deepEqual([openTrace(missing)(), openTrace(() => ({}))(), openTrace()()], [{}, {}, {}]);
});
