import { DAY, HOUR, MINUTE, type Milliseconds, SECOND } from '#domain/base/time.ts';
import type { Destination } from './message.ts';

/**
 * How long after a message's first failed attempt Gapwatch goes on trying before it gives up and says so, and after which failed attempt the channel first hears
 * of it. Mail waits longer: a greylisting server may take hours.
 */
export const DELIVERY: Readonly<Record<Destination, { readonly giveUpAfter: Milliseconds; readonly toldAtAttempt: number | null }>> = {
  slack: { giveUpAfter: 6 * HOUR, toldAtAttempt: null },
  pagerduty: { giveUpAfter: 2 * HOUR, toldAtAttempt: 3 },
  mail: { giveUpAfter: DAY, toldAtAttempt: null },
  reports: { giveUpAfter: HOUR, toldAtAttempt: 3 },
};

/**
 * A mail server that took the mail and never answered may have delivered it: its next copies go this long after, and there is no other after
 * those. A repeated Message-ID is known as a copy by most mailboxes, not by all.
 */
export const MAIL_COPIES_APART: readonly Milliseconds[] = [5 * MINUTE, HOUR];

const LONGEST: Milliseconds = 60 * SECOND;

/**
 * How long to wait after failed attempt `attempt` (from 1): 1, 2, 4 … up to 60 seconds, each moved by up to a quarter. The jitter
 * is drawn from the call's key, so calls spread while the decision stays repeatable.
 */
export function retryDelay(key: string, attempt: number): Milliseconds {
  const base = Math.min(LONGEST, SECOND * 2 ** Math.min(attempt - 1, 10));
  return Math.round(base * (0.75 + 0.5 * fraction(`${key}#${attempt}`)));
}

/** FNV-1a over the text, as a fraction of one. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}

/** A call counts as late when it goes out this long after it was due: not merely queued, so the reader is told why. */
export const LATE_AFTER = MINUTE;
