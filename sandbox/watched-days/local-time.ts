import { DAY, HOUR, type Milliseconds } from '#domain/base/time.ts';

/** How far the clocks of a time zone are ahead of UTC at a moment; known from hour to hour. */
export function offsetsOf(timeZone: string): (at: number) => Milliseconds {
  const format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset', year: 'numeric' });
  const known = new Map<number, Milliseconds>();
  return (at) => {
    const hour = Math.floor(at / HOUR);
    const offset = known.get(hour) ?? parse(format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? '');
    known.set(hour, offset);
    return offset;
  };
}

function parse(name: string): Milliseconds {
  const match = /GMT([+-])(\d{2}):(\d{2})/.exec(name);
  if (!match) return 0;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * HOUR + (Number(match[3]) * HOUR) / 60);
}

/** The same local time so many days before. */
export function daysBefore(at: number, days: number, offsetAt: (at: number) => Milliseconds): number {
  const guess = at - days * DAY;
  return guess + offsetAt(at) - offsetAt(guess);
}
