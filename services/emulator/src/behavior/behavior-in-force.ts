/*
  The behaviour in force: what the last PUT said, how far its scripts have been used up, and the one source of chance.
  A replacement starts scripts and chance afresh.
*/
import type { RateSettings } from '../limits/rate-limit.ts';
import { type Random, seededRandom } from '../random.ts';
import {
  type Behavior,
  behaviorOf,
  type ConnectionBehavior,
  DEFAULT_BEHAVIOR,
  type ScriptedAnswer,
  type TenantLimits,
} from './behavior.ts';

/** A connection's behaviour, ready for the hot path. */
export interface ConnectionRules {
  readonly behavior: ConnectionBehavior;
  readonly unknownItems: ReadonlySet<string>;
  readonly connectionUnknown: boolean;
  readonly script: Script;
}

export interface Script {
  isEmpty(): boolean;
  /** The next scripted answer, used up by this; null when the script is at its end. */
  takeNext(): ScriptedAnswer | null;
  rest(): readonly ScriptedAnswer[];
}

export interface BehaviorInForce {
  /** With what is left of the scripts. */
  current(): Behavior;
  replace(behavior: Behavior): void;
  token(): Behavior['token'];
  rulesOf(connection: string): ConnectionRules;
  /** null: the tenant has no limit of its own. */
  limitsOfTenant(tenant: string): RateSettings | null;
  random: Random;
  /** Starts chance at the seed again. */
  reseed(): void;
}

export function createBehaviorInForce(fixedRandom?: Random): BehaviorInForce {
  let behavior = DEFAULT_BEHAVIOR;
  let random = fixedRandom ?? seededRandom(behavior.seed);
  let common = rulesFrom({ effective: behavior, common: null, connectionUnknown: false });
  let own = new Map<string, ConnectionRules>();
  let tenants = new Map<string, RateSettings>();

  function replace(next: Behavior): void {
    behavior = next;
    common = rulesFrom({ effective: next, common: null, connectionUnknown: false });
    own = new Map();
    const unknown = new Set(next.unknownConnections);
    for (const connection of [...Object.keys(next.connections), ...unknown]) {
      const effective = behaviorOf(connection, next);
      own.set(connection, rulesFrom({ effective, common, connectionUnknown: unknown.has(connection) }));
    }
    tenants = new Map(Object.entries(next.tenants).map(([tenant, limits]) => [tenant, completeLimits(next, limits)]));
    reseed();
  }
  function reseed(): void {
    random = fixedRandom ?? seededRandom(behavior.seed);
  }
  function current(): Behavior {
    const connections = Object.entries(behavior.connections).map(([connection, override]) => {
      const left = override.script === undefined ? {} : { script: own.get(connection)!.script.rest() };
      return [connection, { ...override, ...left }] as const;
    });
    return { ...behavior, script: common.script.rest(), connections: Object.fromEntries(connections) };
  }

  return {
    current,
    replace,
    token: () => behavior.token,
    rulesOf: (connection) => own.get(connection) ?? common,
    limitsOfTenant: (tenant) => tenants.get(tenant) ?? null,
    random: () => random(),
    reseed,
  };
}

function completeLimits({ rate, window, burst, accrueThrottled }: Behavior, over: Partial<TenantLimits>): RateSettings {
  return { rate, window, burst, accrueThrottled, ...over };
}

interface RulesInput {
  readonly effective: ConnectionBehavior;
  readonly common: ConnectionRules | null;
  readonly connectionUnknown: boolean;
}

/** What a connection does not bring itself it shares with the common rules: the lists may be long, and a script is used up by all. */
function rulesFrom({ effective, common, connectionUnknown }: RulesInput): ConnectionRules {
  const sameItems = common !== null && effective.unknownItems === common.behavior.unknownItems;
  const sameScript = common !== null && effective.script === common.behavior.script;
  return {
    behavior: effective,
    unknownItems: sameItems ? common.unknownItems : new Set(effective.unknownItems),
    connectionUnknown,
    script: sameScript ? common.script : createScript(effective.script),
  };
}

function createScript(answers: readonly ScriptedAnswer[]): Script {
  let next = 0;
  let used = 0;
  return {
    isEmpty: () => next >= answers.length,
    takeNext() {
      const answer = answers[next];
      if (answer === undefined) return null;
      used++;
      if (used >= (answer.times ?? 1)) [next, used] = [next + 1, 0];
      return answer;
    },
    rest() {
      const [first, ...others] = answers.slice(next);
      if (first === undefined) return [];
      return [used === 0 ? first : { ...first, times: (first.times ?? 1) - used }, ...others];
    },
  };
}
