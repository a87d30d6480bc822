import { callersContract } from './callers.contract.ts';
import { manualClock } from './manual-clock.ts';
import { createMemoryAuditLog } from './memory-audit-log.ts';
import { createMemoryCallerQuotas } from './memory-caller-quotas.ts';
import { createMemorySessions } from './memory-sessions.ts';

callersContract('memory', async () => {
  const clock = manualClock();
  const store = { ...createMemoryCallerQuotas(clock), ...createMemoryAuditLog(clock), ...createMemorySessions(clock) };
  return { store, advance: clock.advance, dispose: async () => {} };
});
