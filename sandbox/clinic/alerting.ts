import { formatDuration, MINUTE } from '#domain/time.ts';
import type { PagerDutyStandIn } from '#sandbox/stand-ins/pagerduty/pagerduty.ts';
import type { Application } from './application.ts';

/** The runbook's alerting rules: how long writes fail, and how long the table is silent, before PagerDuty hears of it. */
const FAILING_FOR = 2 * MINUTE;
const SILENT_FOR = 5 * MINUTE;
const LOOK_EVERY_MILLISECONDS = 200;

/** The clinic's monitoring: raises one alert for each failure of the audit log. */
export function startAlerting(application: Application, pagerduty: PagerDutyStandIn, now: () => number): { readonly stop: () => void } {
  let hasFired = false;
  const look = () => {
    const title = ruleThatHolds(application, now());
    if (title !== null && !hasFired) void pagerduty.fires(title, { details: { firing: title } });
    hasFired = title !== null;
  };
  const timer = setInterval(look, LOOK_EVERY_MILLISECONDS);
  return { stop: () => clearInterval(timer) };
}

function ruleThatHolds(application: Application, now: number): string | null {
  const { failingSince, lastWrittenAt } = application.ledger();
  if (failingSince !== null && now - failingSince >= FAILING_FOR)
    return `AuditLogWriteError: audit log writes failing for ${formatDuration(FAILING_FOR)}`;
  const isSilent = failingSince === null && lastWrittenAt !== null && now - lastWrittenAt >= SILENT_FOR;
  return isSilent ? `AuditLogFailure: no audit record for ${formatDuration(SILENT_FOR)}` : null;
}
