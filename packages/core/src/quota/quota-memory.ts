/*
  What the controller remembers between two looks at the bucket, and how it is written: a JSON array of numbers, at most
  400 characters, because take and settle read it. Anything that does not read as such a memory counts as none: learning
  starts anew, which costs half a minute and breaks nothing.
*/

export type Mode = 'climb' | 'search' | 'hold' | 'probe';

export interface Memory {
  readonly mode: Mode;
  /** Calls a second: the quota in the mode hold (of which a share is used), the rate under test in the others. */
  readonly rate: number;
  /** search: the highest rate that held, and for how many seconds it did (0: it was not held, but computed). */
  readonly low: number;
  readonly lowS: number;
  /** search: the lowest rate that was refused. */
  readonly high: number;
  /** probe: the rate it started from, kept while what follows may lead back to it. hold: the rate to return to, while the present one is on trial; 0 = not on trial. */
  readonly base: number;
  /** probe: the highest step that held, and the present step above base. */
  readonly sustained: number;
  readonly step: number;
  /** Seconds in which the present rate was tested. */
  readonly heldS: number;
  /** Seconds tested since the last closure or probe. */
  readonly quietS: number;
  /** The run under way (the time since the last closure): since when (0 = since the next look), whether it began with a closure, and its calls. */
  readonly openMs: number;
  readonly afterClosure: number;
  readonly accepted: number;
  readonly granted: number;
  /** The run before. */
  readonly lastCalls: number;
  readonly lastS: number;
  /** Estimate of the limit that a run made, the rate of that run, and how many runs since have agreed. */
  readonly estimate: number;
  readonly estimateRate: number;
  readonly agreed: number;
  /** How many seconds' worth of calls the limit lets through at once after a closure, at most. */
  readonly reserveS: number;
  /** probe: seconds' worth of calls above base. */
  readonly excessS: number;
  /** What a refusal costs on average: seconds closed, calls refused. */
  readonly costS: number;
  readonly costCalls: number;
  /** How many probes there were since the search. */
  readonly probes: number;
  /** hold: refusals of a proven rate in a row, and the rate before the first of them. */
  readonly slips: number;
  readonly slippedFrom: number;
  /** search: refusals in a row. */
  readonly falls: number;
}

const MODES: readonly Mode[] = ['climb', 'search', 'hold', 'probe'];

/** The numbers of a memory in the order they are written in. */
const FIELDS = [
  'rate',
  'low',
  'lowS',
  'high',
  'base',
  'sustained',
  'step',
  'heldS',
  'quietS',
  'openMs',
  'afterClosure',
  'accepted',
  'granted',
  'lastCalls',
  'lastS',
  'estimate',
  'estimateRate',
  'agreed',
  'reserveS',
  'excessS',
  'costS',
  'costCalls',
  'probes',
  'slips',
  'slippedFrom',
  'falls',
] as const satisfies readonly Exclude<keyof Memory, 'mode'>[];

/** Raised when the meaning of the numbers changes; a memory of another format counts as none. */
const FORMAT = 1;

/** A memory of nothing: climbing from `rate`. */
export function startMemory(rate: number): Memory {
  const none = Object.fromEntries(FIELDS.map((field) => [field, 0])) as Record<(typeof FIELDS)[number], number>;
  // A second of reserve and a second closed are what a whole-second Retry-After leads to.
  return { ...none, mode: 'climb', rate, reserveS: 1, costS: 1, costCalls: 1.5 };
}

export function writeMemory(memory: Memory): string {
  const numbers = FIELDS.map((field) => (field === 'openMs' ? memory.openMs : round(memory[field])));
  return JSON.stringify([FORMAT, MODES.indexOf(memory.mode), ...numbers]);
}

/** null: there is none, or it cannot be believed. */
export function parseMemory(text: string): Memory | null {
  const read = parseJson(text);
  if (!Array.isArray(read) || read.length !== FIELDS.length + 2 || read[0] !== FORMAT) return null;
  const mode = MODES[Number(read[1])];
  const numbers = read.slice(2).map((value: unknown) => (typeof value === 'number' && value >= 0 ? value : Number.NaN));
  if (mode === undefined || numbers.some((value) => !Number.isFinite(value))) return null;
  const memory = Object.fromEntries(FIELDS.map((field, index) => [field, numbers[index]])) as unknown as Memory;
  const believable = memory.rate > 0 && (mode !== 'probe' || memory.base > 0);
  return believable ? { ...memory, mode } : null;
}

function parseJson(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Six digits are more than any of the numbers deserve, but a long run's calls must still be able to grow by one look's. */
function round(value: number): number {
  return value >= 100_000 ? Math.round(value) : Number(value.toPrecision(6));
}
