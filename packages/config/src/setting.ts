/*
  The kinds of settings. A kind knows how to read the text of a variable, and says its rule in the words that the error
  message and the documentation share.
*/

/** A variable: what it is called, what it may be, what it means. */
export interface Setting<T> {
  readonly name: string;
  /** What is in force when the variable is unset or empty. */
  readonly fallback: T;
  /** The fallback as the documentation shows it. */
  readonly fallbackShown: string;
  /** "must be …" */
  readonly rule: string;
  readonly meaning: string;
  /** The value is never shown, and `NAME_FILE` may name a file that holds it. */
  readonly secret: boolean;
  /** What it may be in the configuration file. */
  readonly domain: Domain;
  readonly read: (text: string) => Read<T>;
}

/** Numbers within bounds, and words: those that are listed, or those that a pattern describes. Null: none. */
export interface Domain {
  readonly numbers: { readonly whole: boolean; readonly min: number; readonly max: number } | null;
  readonly words: readonly string[] | RegExp | null;
}

const ANY_TEXT: Domain = { numbers: null, words: /^.+$/ };

/** A value, or why not; `problem` null: the rule says it all. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: string | null };

export function good<T>(value: T): Read<T> {
  return { ok: true, value };
}

export function bad(problem: string | null = null): { readonly ok: false; readonly problem: string | null } {
  return { ok: false, problem };
}

interface Bounds<T> {
  readonly min: number;
  readonly max: number;
  readonly fallback: T;
}

export function whole<T extends number | null>(name: string, bounds: Bounds<T>, meaning: string): Setting<number | T> {
  const { min, max, fallback } = bounds;
  const none = fallback === null ? ', or none' : '';
  return {
    name,
    fallback,
    fallbackShown: fallback === null ? 'none' : String(fallback),
    rule: `must be a whole number from ${min} to ${max}${none}`,
    meaning,
    secret: false,
    domain: { numbers: { whole: true, min, max }, words: fallback === null ? ['none'] : null },
    read: (text) => {
      if (fallback === null && text === 'none') return good(fallback);
      return /^\d{1,15}$/.test(text) ? within(Number(text), bounds) : bad();
    },
  };
}

export function decimal<T extends number | null>(
  name: string,
  bounds: Bounds<T>,
  meaning: string,
): Setting<number | T> {
  const { min, max, fallback } = bounds;
  const none = fallback === null ? ', or none' : '';
  return {
    name,
    fallback,
    fallbackShown: fallback === null ? 'none' : String(fallback),
    rule: `must be a number from ${min} to ${max}${none}`,
    meaning,
    secret: false,
    domain: { numbers: { whole: false, min, max }, words: fallback === null ? ['none'] : null },
    read: (text) => {
      if (fallback === null && text === 'none') return good(fallback);
      return /^\d{1,9}(\.\d{1,9})?$/.test(text) ? within(Number(text), bounds) : bad();
    },
  };
}

function within(value: number, bounds: { readonly min: number; readonly max: number }): Read<number> {
  return value >= bounds.min && value <= bounds.max ? good(value) : bad();
}

export function oneOf<const V extends string, F extends V | null>(
  name: string,
  values: readonly V[],
  fallback: F,
  meaning: string,
): Setting<V | F> {
  return {
    name,
    fallback,
    fallbackShown: fallback ?? 'none',
    rule: `must be one of ${values.join(', ')}`,
    meaning,
    secret: false,
    domain: { numbers: null, words: values },
    read: (text) => {
      const value = values.find((candidate) => candidate === text.toLowerCase());
      return value === undefined ? bad() : good(value);
    },
  };
}

/** On with 1 or true; off with 0, false or nothing. */
export function flag(name: string, meaning: string): Setting<boolean> {
  return {
    name,
    fallback: false,
    fallbackShown: '0',
    rule: 'must be 1 or 0',
    meaning,
    secret: false,
    domain: ANY_TEXT,
    read: (text) => {
      if (text === '1' || text === 'true') return good(true);
      return text === '0' || text === 'false' ? good(false) : bad();
    },
  };
}

export function custom<T>(
  setting: Omit<Setting<T>, 'secret' | 'domain'> & Partial<Pick<Setting<T>, 'secret' | 'domain'>>,
): Setting<T> {
  return { secret: false, domain: ANY_TEXT, ...setting };
}
