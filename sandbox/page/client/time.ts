import { useEffect, useState } from 'preact/hooks';
import type { ClockReading } from '#sandbox/clock.ts';

/** The sandbox's time now, in milliseconds. The page runs on the same machine, so its clock is the sandbox's. */
export function nowOn({ realMilliseconds, shownMilliseconds, speed }: ClockReading): number {
  return shownMilliseconds + (Date.now() - realMilliseconds) * speed;
}

/** The sandbox's time, kept current while it is shown. */
export function useNow(clock: ClockReading): number {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 250);
    return () => clearInterval(timer);
  }, []);
  return nowOn(clock);
}

/** Hours, minutes and seconds in UTC. */
export function utc(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** Hours and minutes in the reader's own time zone. */
export function local(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}

/** A length of time in words. */
export function words(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  return minutes === 1 ? '1 minute' : `${minutes} minutes`;
}
