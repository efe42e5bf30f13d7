// By function: the whole of date-fns takes Node 24 a second to load (docs/decisions/0012-libraries.md).
import { UTCDateMini } from '@date-fns/utc';
import { addMilliseconds } from 'date-fns/addMilliseconds';
import { differenceInMilliseconds } from 'date-fns/differenceInMilliseconds';
import { formatDuration as formatParts } from 'date-fns/formatDuration';
import { intervalToDuration } from 'date-fns/intervalToDuration';
import { lightFormat } from 'date-fns/lightFormat';
import { max } from 'date-fns/max';
import { startOfDay } from 'date-fns/startOfDay';

/** A length of time in milliseconds. Every duration in Gapwatch is one, whatever unit a person typed. */
export type Milliseconds = number;

export const SECOND: Milliseconds = 1_000;
export const MINUTE: Milliseconds = 60 * SECOND;
export const HOUR: Milliseconds = 60 * MINUTE;
export const DAY: Milliseconds = 24 * HOUR;

const UNITS: Readonly<Record<string, Milliseconds>> = {
  s: SECOND,
  m: MINUTE,
  h: HOUR,
  d: DAY,
  mo: 30 * DAY,
};

/** Reads `30s`, `5m`, `24h`, `90d` or `12mo` (a month is 30 days). Returns null for anything else, `5` without a unit included. */
export function parseDuration(text: string): Milliseconds | null {
  const match = /^(\d{1,6})(s|mo|m|h|d)$/.exec(text.trim());
  const unit = UNITS[match?.[2] ?? ''];
  return match === null || unit === undefined ? null : Number(match[1]) * unit;
}

/** The moment `length` after `instant`; negative lengths go back. */
export function plus(instant: Date, length: Milliseconds): Date {
  return addMilliseconds(instant, length);
}

/** How long from `start` to `end`; negative when `end` is earlier. */
export function between(start: Date, end: Date): Milliseconds {
  return differenceInMilliseconds(end, start);
}

/** The later of two moments. */
export function later(one: Date, other: Date): Date {
  return max([one, other]);
}

/** `2026-01-05 10:00:00 UTC`: how every instant is written for people, to the second. */
export function formatUtc(instant: Date): string {
  return `${utc(instant, 'yyyy-MM-dd HH:mm:ss')} UTC`;
}

/** `2026-01-05`: the day of an instant in UTC, as files and keys are named by it. */
export function utcDay(instant: Date): string {
  return utc(instant, 'yyyy-MM-dd');
}

/** `2026-01-05T10`: the hour of an instant in UTC, as what is told once an hour is named by it. */
export function utcHour(instant: Date): string {
  return utc(instant, "yyyy-MM-dd'T'HH");
}

/** `20260105T100000`: an instant in UTC to the second, in a form that is allowed in every file's name. */
export function utcStamp(instant: Date): string {
  return utc(instant, "yyyyMMdd'T'HHmmss");
}

/** The midnight in UTC with which the day of an instant began. */
export function startOfUtcDay(instant: Date): Date {
  return new Date(+startOfDay(new UTCDateMini(instant)));
}

function utc(instant: Date, pattern: string): string {
  return lightFormat(new UTCDateMini(instant), pattern);
}

/** `14 minutes`, `1 hour 3 minutes`, `45 seconds`: whole seconds, never rounded up, the runbook's wording for round minutes. */
export function formatDuration(length: Milliseconds): string {
  const seconds = Math.max(0, Math.floor(length / SECOND)) * SECOND;
  // Days are the largest unit: how long a month is depends on which one.
  const ofTheDay = intervalToDuration({ start: new UTCDateMini(0), end: new UTCDateMini(seconds % DAY) });
  const parts = { ...ofTheDay, days: Math.floor(seconds / DAY) };
  return formatParts(parts) || '0 seconds';
}
