import { TZDateMini } from '@date-fns/tz';
import { closestTo } from 'date-fns/closestTo';
import { isValid } from 'date-fns/isValid';
import { parseISO } from 'date-fns/parseISO';
import { DAY, plus } from './time.ts';

/** How a person's time was read: the instant, and the zone that its words were taken in; `isNamed` when the words name it themselves. */
export type ReadMoment = { readonly at: Date; readonly zone: string; readonly isNamed: boolean };

/** Zones that people name by letters; where daylight saving time is meant is decided by the date. */
const ZONES: Readonly<Record<string, string>> = {
  UTC: 'UTC',
  GMT: 'UTC',
  Z: 'UTC',
  ET: 'America/New_York',
  EST: 'America/New_York',
  EDT: 'America/New_York',
  CT: 'America/Chicago',
  CST: 'America/Chicago',
  CDT: 'America/Chicago',
  MT: 'America/Denver',
  MST: 'America/Denver',
  MDT: 'America/Denver',
  PT: 'America/Los_Angeles',
  PST: 'America/Los_Angeles',
  PDT: 'America/Los_Angeles',
};

const CLOCK = /^(\d{1,2})(?::(\d{2})(?::(\d{2}))?)?\s*([ap])?\.?m?\.?$/i;
const FULL = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3})\d{0,3})?)?$/;
/** ISO 8601 with an offset, as programs and psql write it: `Z`, `+00`, `-05:30`. */
const EXACT = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)\d{0,3}(?:(Z)|([+-]\d{2})(?::?(\d{2}))?)$/i;

/**
 * Reads a moment as a person types it: `3am`, `11:09pm`, `14:30`, `14:30 ET`, `2026-01-05 14:30`, or ISO 8601 with an offset. Without a zone
 * of its own it is taken in `zone` (the person's, as Slack knows it); a time of day means the nearest one to `now`. Returns null for
 * anything else.
 */
export function parseLocalMoment(text: string, now: Date, zone: string): ReadMoment | null {
  const trimmed = text.trim().replace(/^(?:at|around|about|~)\s*(?=\d)/i, '');
  const [, words = trimmed, letters] = /^(.*?\d\s*(?:[ap]\.?m\.?)?)\s+(?![ap]m$)([A-Za-z]{1,4})$/i.exec(trimmed) ?? [];
  const named = letters === undefined ? zone : ZONES[letters.toUpperCase()];
  if (named === undefined) return null;
  const at = clockTime(words, now, named) ?? fullTime(words, named);
  if (at !== null) return { at, zone: named, isNamed: letters !== undefined };
  const exact = exactTime(trimmed);
  return exact === null ? null : { at: exact, zone: 'UTC', isNamed: true };
}

/** Returns whether a name is one of the time zones that this computer knows (IANA, such as `America/Chicago`). */
export function isTimeZone(name: string): boolean {
  return !Number.isNaN(new TZDateMini(0, name).getHours());
}

function exactTime(text: string): Date | null {
  const match = EXACT.exec(text);
  if (match === null) return null;
  const [, day, time, utc, hours, minutes = '00'] = match;
  const at = parseISO(`${day}T${time}${utc ? 'Z' : `${hours}:${minutes}`}`);
  return isValid(at) ? at : null;
}

function clockTime(text: string, now: Date, zone: string): Date | null {
  const match = CLOCK.exec(text.trim());
  if (match === null) return null;
  const [, typedHours = '', minutes = '0', seconds = '0', half] = match;
  // A bare number is no time: "9" may be minutes, a month, anything.
  if (match[2] === undefined && half === undefined) return null;
  const hours = half === undefined ? Number(typedHours) : twelveHour(Number(typedHours), half.toLowerCase());
  if (hours === null || hours > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const candidates = [plus(now, -DAY), now, plus(now, DAY)].map((day) => {
    const local = new TZDateMini(day, zone);
    return instantOf(zone, local.getFullYear(), local.getMonth(), local.getDate(), hours, Number(minutes), Number(seconds));
  });
  return closestTo(now, candidates) ?? null;
}

function twelveHour(hours: number, half: string): number | null {
  if (hours < 1 || hours > 12) return null;
  return (hours % 12) + (half === 'p' ? 12 : 0);
}

function fullTime(text: string, zone: string): Date | null {
  const match = FULL.exec(text.trim());
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const milliseconds = Number((match[7] ?? '').padEnd(3, '0'));
  if (month < 1 || month > 12 || day < 1 || hours > 23 || minutes > 59 || seconds > 59) return null;
  const at = plus(instantOf(zone, year, month - 1, day, hours, minutes, seconds), milliseconds);
  // A day that the calendar does not have would silently become another one.
  return new TZDateMini(at, zone).getDate() === day ? at : null;
}

function instantOf(zone: string, ...parts: readonly [number, number, number, number, number, number]): Date {
  const [year, month, day, hours, minutes, seconds] = parts;
  return new Date(new TZDateMini(year, month, day, hours, minutes, seconds, zone).getTime());
}
