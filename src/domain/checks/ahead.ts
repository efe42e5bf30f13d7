import { between, formatDuration, MINUTE, SECOND } from '#domain/base/time.ts';
import { byCommand } from './next-steps.ts';
import type { Verdict } from './verdict.ts';

/** Clocks that differ by less than this are no matter. */
const SKEW = 30 * SECOND;

/** Whether records are dated so far after the database's clock that figures by their dates mislead. */
export function isAhead(at: Date, ahead: Date | null): ahead is Date {
  return ahead !== null && between(at, ahead) > SKEW;
}

/** What is said of a table whose newest records lie ahead: neither silence nor activity can be told by their dates. */
export function aheadVerdict(at: Date, ahead: Date, figures: Verdict['figures']): Verdict {
  return {
    level: 'unknown',
    evidence: `${aheadText(at, ahead)}: whether records are being written can't be told by their dates.`,
    figures,
    ...byCommand(
      '/audit probe',
      'test a write; then compare the clocks, and name the zone in AUDIT_TIMESTAMP_ZONE if the column holds local time without one',
    ),
  };
}

/** How far ahead the newest record is dated. */
export function aheadText(at: Date, ahead: Date): string {
  const length = between(at, ahead);
  const rounded = length < 10 * MINUTE ? length : Math.round(length / MINUTE) * MINUTE;
  return `The newest record is dated ${formatDuration(rounded)} ahead of the database's clock`;
}
