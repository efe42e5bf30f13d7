import { HOUR, MINUTE, type Milliseconds } from '#domain/base/time.ts';

/** How bad an alarm is, in PagerDuty's words. */
export type Severity = 'critical' | 'error' | 'warning';

/** An alarm of the watch: how bad it is, and how long what it says must hold before it is raised. */
type Alarm = { readonly severity: Severity; readonly holdsFor: Milliseconds | 'alert_after'; readonly means: string };

/** Every alarm that the watch may raise. The first two are the runbook's own alerts; their names are what `alerts` in the policy looks for. */
export const ALARMS = {
  AuditLogWriteError: { severity: 'critical', holdsFor: 0, means: 'writes of audit records fail' },
  AuditLogFailure: { severity: 'critical', holdsFor: 0, means: 'no audit record for longer than the tolerance' },
  AuditLogCountDrop: { severity: 'warning', holdsFor: 5 * MINUTE, means: 'fewer than half of the usual records at this time' },
  AuditLogDiskFull: { severity: 'error', holdsFor: 5 * MINUTE, means: "the database's disk is nearly full" },
  AuditLogWatchBlind: { severity: 'error', holdsFor: 'alert_after', means: 'the watch can not look at the audit table' },
  AuditLogClockSkew: { severity: 'warning', holdsFor: 5 * MINUTE, means: 'clocks disagree' },
} as const satisfies Readonly<Record<string, Alarm>>;

export type AlarmName = keyof typeof ALARMS;

/** The names, in the order in which they matter. */
export const ALARM_NAMES: readonly AlarmName[] = [
  'AuditLogWriteError',
  'AuditLogFailure',
  'AuditLogCountDrop',
  'AuditLogDiskFull',
  'AuditLogWatchBlind',
  'AuditLogClockSkew',
];

/** An alarm that lasts is told again after this long, in case somebody has ended its alert by mistake. */
export const TELL_AGAIN: Milliseconds = HOUR;

/** An alarm that was raised is over when what it said has not held for this long: one good look is no recovery. */
export const OVER_AFTER: Milliseconds = MINUTE;
