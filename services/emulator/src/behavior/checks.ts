/* The small rules that a control body is checked with. A check reports what is wrong, by member and rule; it never throws. */
import { isObject } from '../is-object.ts';

export interface Problem {
  readonly member: string;
  readonly rule: string;
}
export type Report = (member: string, rule: string) => void;
export type Check = (value: unknown, member: string, report: Report) => void;

const EXCERPT_MAX = 80;

export interface NumberRange {
  readonly above?: number;
  readonly min?: number;
  readonly max: number;
  readonly whole?: boolean;
  readonly orNull?: string;
}

export function numberIn({ above, min, max, whole = false, orNull }: NumberRange): Check {
  const from = above === undefined ? `from ${min ?? 0}` : `above ${above}`;
  const nullAllowed = orNull === undefined ? '' : `, or null (${orNull})`;
  const rule = `must be a${whole ? ' whole' : ''} number ${from} to ${max}${nullAllowed}`;
  return check(rule, (value) => {
    if (value === null) return orNull !== undefined;
    if (typeof value !== 'number' || !Number.isFinite(value) || value > max) return false;
    return (above === undefined ? value >= (min ?? 0) : value > above) && (!whole || Number.isInteger(value));
  });
}

export const isBoolean: Check = check('must be true or false', (value) => typeof value === 'boolean');

export function isOneOf(words: readonly string[]): Check {
  return check(
    `must be one of ${words.join(', ')}`,
    (value) => typeof value === 'string' && (words as readonly unknown[]).includes(value),
  );
}

export function textMatching(pattern: RegExp, words: string): Check {
  return check(`must be ${words}`, (value) => typeof value === 'string' && pattern.test(value));
}

/** Anything: it is sent as it is. */
export const isAnything: Check = () => undefined;

export function eitherOf(rule: string, checks: readonly Check[]): Check {
  return check(rule, (value, member) =>
    checks.some((each) => {
      let fine = true;
      each(value, member, () => {
        fine = false;
      });
      return fine;
    }),
  );
}

export function listOf(each: Check, { max, words }: { readonly max: number; readonly words: string }): Check {
  return (value, member, report) => {
    if (!Array.isArray(value) || value.length > max) {
      return report(member, `must be a list of at most ${max} ${words}${instead(value)}`);
    }
    for (const [i, element] of value.entries()) each(element, `${member}[${i}]`, report);
  };
}

/** Members by name; `required` ones must be there, others may be missing, unknown ones are refused. */
export function objectOf(checks: Readonly<Record<string, Check>>, required: readonly string[] = []): Check {
  return (value, member, report) => {
    if (!isObject(value)) return report(member, `must be an object${instead(value)}`);
    const inside = (name: string) => (member === '' ? name : `${member}.${name}`);
    for (const [name, inner] of Object.entries(value)) {
      const known = Object.hasOwn(checks, name) ? checks[name] : undefined;
      if (known === undefined) report(inside(name), `is not known; known are ${Object.keys(checks).join(', ')}`);
      else known(inner, inside(name), report);
    }
    for (const name of required) if (!Object.hasOwn(value, name)) report(inside(name), 'is missing');
  };
}

export interface MapRule {
  readonly name: RegExp;
  readonly words: string;
  readonly max: number;
}

/** Any member whose name fits. */
export function mapOf(each: Check, { name, words, max }: MapRule): Check {
  return (value, member, report) => {
    if (!isObject(value) || Object.keys(value).length > max) {
      return report(member, `must be an object of at most ${max} members${instead(value)}`);
    }
    for (const [key, inner] of Object.entries(value)) {
      if (!name.test(key)) report(`${member}.${key.slice(0, EXCERPT_MAX)}`, `the name must be ${words}`);
      each(inner, `${member}.${key}`, report);
    }
  };
}

export function check(rule: string, fits: (value: unknown, member: string) => boolean): Check {
  return (value, member, report) => {
    if (!fits(value, member)) report(member, `${rule}${instead(value)}`);
  };
}

function instead(value: unknown): string {
  return `; it is ${(JSON.stringify(value) ?? 'undefined').slice(0, EXCERPT_MAX)}`;
}
