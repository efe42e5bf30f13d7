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
  return new Date(instant.getTime() + length);
}

/** How long from `start` to `end`; negative when `end` is earlier. */
export function between(start: Date, end: Date): Milliseconds {
  return end.getTime() - start.getTime();
}

/** The later of two moments. */
export function later(one: Date, other: Date): Date {
  return one.getTime() >= other.getTime() ? one : other;
}

/** `2026-01-05 10:00:00 UTC`: how every instant is written for people, to the second. */
export function formatUtc(instant: Date): string {
  return `${instant.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `14 minutes`, `1 hour 3 minutes`, `45 seconds`: whole seconds, never rounded up, the runbook's wording for round minutes. */
export function formatDuration(length: Milliseconds): string {
  const totalSeconds = Math.max(0, Math.floor(length / SECOND));
  const parts = [
    counted(Math.floor(totalSeconds / 86_400), 'day'),
    counted(Math.floor((totalSeconds % 86_400) / 3_600), 'hour'),
    counted(Math.floor((totalSeconds % 3_600) / 60), 'minute'),
    counted(totalSeconds % 60, 'second'),
  ].filter((part) => part !== '');
  return parts.length === 0 ? '0 seconds' : parts.join(' ');
}

function counted(amount: number, unit: string): string {
  if (amount === 0) return '';
  return `${amount} ${unit}${amount === 1 ? '' : 's'}`;
}

/**
 * Reads a moment as a person types it: `14:30` (UTC, the nearest such time to `now`), `2026-01-05 14:30[:05]` (UTC) or ISO 8601
 * with an offset. Returns null for anything else.
 */
export function parseMoment(text: string, now: Date): Date | null {
  const trimmed = text.trim().replace(/\s*UTC$/i, '');
  const clock = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(trimmed);
  if (clock) return nearestClockTime(Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0), now);
  const full = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2})(:\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/.exec(trimmed);
  if (!full) return null;
  const instant = new Date(`${full[1]}T${full[2]}${full[3] ?? ':00'}${full[4] ?? 'Z'}`);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

function nearestClockTime(hours: number, minutes: number, seconds: number, now: Date): Date | null {
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const midnight = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate());
  const today = midnight + hours * HOUR + minutes * MINUTE + seconds * SECOND;
  const candidates = [today - DAY, today, today + DAY];
  const distance = (candidate: number) => Math.abs(candidate - now.getTime());
  return new Date(candidates.reduce((best, candidate) => (distance(candidate) < distance(best) ? candidate : best)));
}
