/** Warnings that belong to no incident, each with a template of its name under `templates/slack/warning`. */
export const WARNINGS = [
  'alerts-unread',
  'bad-signatures',
  'job-given-up',
  'record-broken',
  'slack-scopes',
  'watch-alarm',
  'watch-over',
  'webhook-missed',
  'webhooks-off',
] as const;

export type WarningName = (typeof WARNINGS)[number];

/** What each warning tells of, with sample values: a template that uses anything else is refused at the start. */
export const WARNING_SAMPLES: Readonly<Record<WarningName, Readonly<Record<string, string>>>> = {
  'alerts-unread': { count: '2', names: 'P1, P2' },
  'bad-signatures': {},
  'job-given-up': { what: 'deliver of INC-1' },
  'record-broken': { text: 'INC-1: fact 3: the text does not match its hash' },
  'slack-scopes': { scopes: 'files:write' },
  'watch-alarm': { alarm: 'AuditLogCountDrop', text: '12 records in 15 minutes, 240 are usual at this time' },
  'watch-over': { alarm: 'AuditLogCountDrop', text: '230 records in 15 minutes, 240 are usual at this time' },
  'webhook-missed': { alert: 'P1' },
  'webhooks-off': {},
};
