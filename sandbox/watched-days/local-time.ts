import { tzOffset } from '@date-fns/tz';
import { DAY, HOUR, MINUTE, type Milliseconds } from '#domain/base/time.ts';

/** How far the clocks of a time zone are ahead of UTC at a moment; known from hour to hour, since millions of moments are asked for. */
export function offsetsOf(timeZone: string): (at: number) => Milliseconds {
  const known = new Map<number, Milliseconds>();
  return (at) => {
    const hour = Math.floor(at / HOUR);
    const offset = known.get(hour) ?? tzOffset(timeZone, new Date(at)) * MINUTE;
    known.set(hour, offset);
    return offset;
  };
}

/** The same local time so many days before; in milliseconds, as it is asked for in every round of many days. */
export function daysBefore(at: number, days: number, offsetAt: (at: number) => Milliseconds): number {
  const guess = at - days * DAY;
  return guess + offsetAt(at) - offsetAt(guess);
}
