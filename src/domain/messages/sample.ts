import { ANNOUNCEMENTS } from '#domain/incident/call.ts';
import type { Fact, Recorded } from '#domain/incident/facts.ts';
import { type Incident, stateOf } from '#domain/incident/state.ts';
import { actionsTaken, timeline } from '#domain/incident/timeline.ts';
import { DEFAULT_POLICY, type Policy } from '#domain/policy.ts';
import { checkVariables } from './check-message.ts';
import { gapView, incidentView } from './view.ts';

/** What a template is rendered with to see whether it works, and to show it to those who edit it. */
export type Sample = { readonly template: string; readonly variables: Readonly<Record<string, unknown>> };

const START = Date.parse('2026-01-05T10:00:00Z');
const minute = (minutes: number) => new Date(START + minutes * 60_000);

/** For every template one rendering early in an incident and one at its end, so that both branches of most conditions are seen. */
export function samples(policy: Policy = DEFAULT_POLICY): readonly Sample[] {
  const early = { incident: stateOf(facts.slice(0, 4)), facts: facts.slice(0, 4), now: minute(5) };
  const late = { incident: stateOf(facts), facts, now: minute(13) };
  return [early, late].flatMap(({ incident, facts: known, now }) => (incident ? samplesOf(incident, known, now, policy) : []));
}

function samplesOf(incident: Incident, known: readonly Recorded[], now: Date, policy: Policy): readonly Sample[] {
  const view = incidentView(incident, now, policy);
  const notice = { incident: view, sentAt: now, actions: actionsTaken(known), attached: true };
  const missed = { count: 2, first: minute(5), last: minute(10), why: 'Slack could not be reached' };
  const announcements = ANNOUNCEMENTS.map((name) => ({
    template: `slack/thread/${name}.liquid`,
    variables: { incident: view, details: DETAILS },
  }));
  return [
    { template: 'slack/initial.liquid', variables: { incident: view } },
    { template: 'slack/update.liquid', variables: { incident: view, missed } },
    { template: 'slack/update.liquid', variables: { incident: view, missed: { count: 0, first: '', last: '', why: '' } } },
    { template: 'slack/resolution.liquid', variables: { incident: view } },
    { template: 'slack/check.liquid', variables: checkVariables('scope', VERDICT, { readAt: now, until: now }) },
    {
      template: 'slack/check-progress.liquid',
      variables: { check: 'diagnose', askedBy: 'Robin', lines: ['scope: critical.'], stoppedBy: 'Sam' },
    },
    ...announcements,
    { template: 'slack/warning/bad-signatures.liquid', variables: {} },
    { template: 'mail/opening-notice.text.liquid', variables: notice },
    { template: 'mail/opening-notice.html.liquid', variables: notice },
    { template: 'mail/final-notice.text.liquid', variables: notice },
    { template: 'mail/final-notice.html.liquid', variables: notice },
    {
      template: 'report/gap-report.liquid',
      variables: {
        incident: view,
        writtenAt: now,
        checks: incident.checks,
        reconstructions: incident.checks,
        actions: actionsTaken(known),
        timeline: timeline(known),
        earlier: incident.gaps.map((gap) => ({ incident: 'INC-7', ...gapView(gap, now) })),
        evidence: { count: known.length, hash: '0'.repeat(64) },
      },
    },
  ];
}

const VERDICT = {
  level: 'critical' as const,
  evidence: 'Audit writes stopped: the last record is 12 minutes old.',
  figures: [{ name: 'Records in the last 5 minutes', value: '0' }],
  nextStep: "check the application's health, then test a write (runbook steps 3 and 4)",
};

/** Every detail that any announcement uses. */
const DETAILS = {
  after: '5 minutes',
  agent: 'Sam',
  at: '2026-01-05 09:57:00 UTC',
  because: 'the application log shows it',
  by: 'Robin',
  detail: 'priority P1',
  dueAt: '2026-01-05 10:00:00 UTC',
  edge: 'start',
  end: '2026-01-05 10:11:00 UTC',
  event: 'reassigned',
  failure: 'the database server refuses connections',
  former: '',
  formerly: '2026-01-05 09:58:00 UTC',
  length: '14 minutes',
  level: '2',
  name: 'Robin',
  pages: '2',
  perMinute: '60',
  records: 'silent',
  role: 'Privacy Officer',
  roles: 'Privacy Officer',
  service: 'audit',
  since: '2026-01-05 09:57:00 UTC',
  slackId: 'U0123456789',
  state: 'failing',
  text: 'migration 42 revoked INSERT',
  title: 'AuditLogWriteError',
  tolerance: '5 minutes',
  url: 'https://example.pagerduty.com/incidents/P1',
  what: 'acknowledge the PagerDuty alert',
  why: 'the mail server could not be reached',
};

const sampleFacts: readonly (readonly [number, Fact])[] = [
  [0, { type: 'incident.opened', number: 1, startedAt: minute(0), reason: 'AuditLogWriteError on the clinic database' }],
  [
    0,
    {
      type: 'alert.fired',
      seenBy: 'webhook',
      alert: { id: 'P1', title: 'AuditLogWriteError', service: 'audit', url: DETAILS.url, createdAt: minute(0) },
    },
  ],
  [0, { type: 'records.silent', lastRecordAt: minute(-3) }],
  [0, { type: 'gap.opened', gap: 1, startAt: minute(-3), knownBy: { kind: 'record' }, because: null }],
  [1, { type: 'claim.made', slackId: DETAILS.slackId, name: 'Robin' }],
  [2, { type: 'check.answered', check: 'scope', request: 'sample', verdict: VERDICT }],
  [3, { type: 'cause.stated', text: 'a migration revoked INSERT from the application role' }],
  [3, { type: 'action.stated', text: 'granting INSERT again' }],
  [3, { type: 'eta.stated', etaAt: minute(10) }],
  [11, { type: 'records.written', lastRecordAt: minute(11), perMinute: 60 }],
  [11, { type: 'gap.ended', gap: 1, endAt: minute(11), knownBy: { kind: 'record' }, because: null }],
  [12, { type: 'incident.resolved', rootCause: null, anywayBecause: 'verified by hand', unmet: ['The health endpoint was not asked.'] }],
];

const facts = sampleFacts.map<Recorded>(([after, fact], index) => ({
  sequence: index + 1,
  at: minute(after),
  by: { kind: 'person', slackId: DETAILS.slackId, name: 'Robin' },
  fact,
}));
