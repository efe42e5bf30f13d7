import { between, DAY, plus } from '#domain/base/time.ts';
import type { Incident } from './state.ts';

/** At most 60 days from discovery (45 CFR 164.404(b), 164.408). */
const DAYS = 60;

/** Days before the deadline on which Gapwatch reminds. */
const REMIND_BEFORE_DAYS = [30, 14, 7, 3, 1, 0];

/** The last moment for notifying HHS: 60 days after the incident was discovered. */
export function hhsDeadline({ openedAt }: Pick<Incident, 'openedAt'>): Date {
  return plus(openedAt, DAYS * DAY);
}

/** The reminders that still lie ahead. */
export function hhsReminders(incident: Pick<Incident, 'openedAt'>, now: Date): readonly { readonly daysLeft: number; readonly at: Date }[] {
  return REMIND_BEFORE_DAYS.map((daysLeft) => ({ daysLeft, at: plus(hhsDeadline(incident), -daysLeft * DAY) })).filter(
    ({ at }) => between(now, at) > 0,
  );
}
