/*
  Instants as milliseconds since 1970-01-01T00:00:00Z, read and written without a clock.
  Calendar arithmetic of the proleptic Gregorian calendar: H. Hinnant, "chrono-compatible low-level date algorithms", days_from_civil.
*/

export const INSTANT_MS_MIN = -62_135_596_800_000; // 0001-01-01T00:00:00.000Z
export const INSTANT_MS_MAX = 253_402_300_799_999; // 9999-12-31T23:59:59.999Z

export type InstantProblem = 'format' | 'zone' | 'range';

const RFC3339 = /^(\d{4,})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,12}))?([Zz]|([+-])(\d{2}):(\d{2}))?$/;

/**
 * Reads RFC 3339 with seconds and a zone, 1 to 12 fraction digits (cut to the millisecond), years 0001 to 9999, no leap second.
 * Answers the milliseconds, or which rule is broken.
 */
export function parseInstant(text: string): number | InstantProblem {
  const m = RFC3339.exec(text);
  if (m === null) return 'format';
  if (m[8] === undefined) return 'zone';
  const [year, month, day] = [Number(m[1]), Number(m[2]), Number(m[3])];
  const [hour, minute, second] = [Number(m[4]), Number(m[5]), Number(m[6])];
  if (m[1]!.length > 4 || year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month))
    return 'range';
  if (hour > 23 || minute > 59 || second > 59) return 'range';
  const [offsetHours, offsetMinutes] = [Number(m[10] ?? 0), Number(m[11] ?? 0)];
  if (offsetHours > 23 || offsetMinutes > 59) return 'range';
  const offset = (m[9] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000;
  const milliseconds = m[7] === undefined ? 0 : Number(m[7].slice(0, 3).padEnd(3, '0'));
  const ms =
    daysFromCivil(year, month, day) * DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds - offset;
  return ms < INSTANT_MS_MIN || ms > INSTANT_MS_MAX ? 'range' : ms;
}

/** `YYYY-MM-DDTHH:mm:ss.sssZ`, the form that is sent to Graph. */
export function formatInstant(ms: number): string {
  const days = Math.floor(ms / DAY_MS);
  const rest = ms - days * DAY_MS;
  const { year, month, day } = civilFromDays(days);
  const clock = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60, Math.floor(rest / 1000) % 60];
  const [hh, mm, ss] = clock.map((n) => String(n).padStart(2, '0'));
  const date = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  return `${date}T${hh}:${mm}:${ss}.${String(rest % 1000).padStart(3, '0')}Z`;
}

const DAY_MS = 86_400_000;

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const mp = Math.floor((5 * dayOfYear + 2) / 153);
  const month = mp < 10 ? mp + 3 : mp - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * mp + 2) / 5) + 1,
  };
}
