/** What one running emulator consists of. */
import type { Logger } from '@sluice/telemetry';
import type { BehaviorInForce } from './behavior/behavior-in-force.ts';
import type { Clock } from './clock.ts';
import type { CallLog } from './control/call-log.ts';
import type { Stats } from './control/stats.ts';
import type { TokenCounts } from './control/token-counts.ts';
import type { Appearances } from './graph/appearances.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Gates } from './limits/connection-gate.ts';
import type { TenantGates } from './limits/tenant-gates.ts';
import type { CheckedToken } from './tokens/token.ts';

export interface World {
  readonly clock: Clock;
  readonly log: Logger;
  readonly behavior: BehaviorInForce;
  readonly gates: Gates;
  readonly tenantGates: TenantGates;
  readonly ledger: Ledger;
  readonly stats: Stats;
  readonly tokenCounts: TokenCounts;
  readonly callLog: CallLog;
  readonly appearances: Appearances;
  readonly readToken: (token: string) => CheckedToken | null;
  /** request-id is this and the call's number, so that an id leads to its line in the ledger. */
  readonly requestIdPrefix: string;
  /** After the ledger was closed nothing may be appended or answered any more. */
  isStopped(): boolean;
}
