import { DEFAULT_POLICY, type Policy } from '#domain/base/policy.ts';
import { MINUTE, plus } from '#domain/base/time.ts';
import { openTasks, tasksOf } from '#domain/incident/checklist.ts';
import type { IncidentEvent, RecordedEvent } from '#domain/incident/event.ts';
import { stateOf } from '#domain/incident/evolve.ts';
import { figuresOf } from '#domain/incident/figures.ts';
import { ANNOUNCEMENTS, type Payload } from '#domain/incident/outbox/message.ts';
import type { Incident, RemedyRun } from '#domain/incident/state.ts';
import { actionsTaken, timeline } from '#domain/incident/timeline.ts';
import { checkVariables } from './check-message.ts';
import { noticeVariables } from './notice.ts';
import { remedyVariables } from './remedy-message.ts';
import { gapView, incidentView } from './view.ts';
import { WARNING_SAMPLES, WARNINGS } from './warnings.ts';

/** What a template is rendered with to see whether it works, and to show it to those who edit it. */
export type Sample = { readonly template: string; readonly variables: Readonly<Record<string, unknown>> };

const START = new Date('2026-01-05T10:00:00Z');
const minute = (minutes: number) => plus(START, minutes * MINUTE);

/** For every template one rendering early in an incident and one at its end, so that both branches of most conditions are seen. */
export function samples(policy: Policy = DEFAULT_POLICY): readonly Sample[] {
  const early = { incident: stateOf(events.slice(0, 4)), events: events.slice(0, 4), now: minute(5) };
  const late = { incident: stateOf(events), events, now: minute(13) };
  return [early, late].flatMap(({ incident, events: known, now }) => (incident ? samplesOf(incident, known, now, policy) : []));
}

function samplesOf(incident: Incident, known: readonly RecordedEvent[], now: Date, policy: Policy): readonly Sample[] {
  const view = incidentView(incident, now, policy);
  const notices = NOTICES.map((payload) => {
    const outgoing = { payload, dueAt: now, status: { name: 'due', attempts: 0, notBefore: now, lastFailure: null } } as const;
    const enclosed = { attached: ['2026-01-05-audit-gap.md'], missing: ['the chart (the database does not answer)'] };
    const variables = noticeVariables(incident, outgoing, { events: known, now, policy, receiptUrl: DETAILS.url, enclosed });
    return { template: `mail/${payload.kind}.md.liquid`, variables };
  });
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
    { template: 'slack/remedy.liquid', variables: remedyVariables(REMEDY, policy) },
    {
      template: 'slack/remedy.liquid',
      variables: remedyVariables(
        { ...REMEDY, plan: null, status: { name: 'ended', outcome: 'refused', message: 'No gap is known.' } },
        policy,
      ),
    },
    ...announcements,
    ...WARNINGS.map((name) => ({ template: `slack/warning/${name}.liquid`, variables: { details: WARNING_SAMPLES[name] } })),
    { template: 'slack/store-outage.liquid', variables: { name: view.name, since: now, reason: view.reason } },
    ...notices,
    {
      template: 'report/post-mortem.liquid',
      variables: {
        incident: view,
        writtenAt: now,
        figures: figuresOf(known, now),
        open: openTasks(incident, now, policy),
        timeline: timeline(known),
      },
    },
    {
      template: 'report/gap-report.liquid',
      variables: {
        incident: view,
        writtenAt: now,
        figures: figuresOf(known, now),
        tasks: tasksOf(incident, now, policy),
        scanned: 'none in the last 12 months of the audit table',
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

const NOTICES: readonly Payload[] = [
  { kind: 'opening-notice' },
  { kind: 'final-notice' },
  { kind: 'correction-notice', changes: [{ what: 'Gap end', formerly: 'ongoing', now: '2026-01-05 10:11:00 UTC' }] },
  { kind: 'escalation-notice', escalation: 'incident/900000', role: 'privacy-officer' },
  { kind: 'hhs-notice', daysLeft: 7 },
  { kind: 'by-hand-notice', role: 'senior-engineer' },
];

const VERDICT = {
  level: 'critical' as const,
  evidence: 'Audit writes stopped: the last record is 12 minutes old.',
  figures: [{ name: 'Records in the last 5 minutes', value: '0' }],
  nextStep: "check the application's health, then test a write (runbook steps 3 and 4)",
};

/** Every detail that any announcement uses. */
const DETAILS = {
  after: '5 minutes',
  arrived: '812',
  unaccounted: '0 seconds',
  agent: 'Sam',
  count: '2',
  daysLeft: '7',
  deadline: '2026-03-06 10:00:00 UTC',
  escalation: 'incident/900000',
  at: '2026-01-05 09:57:00 UTC',
  because: 'the application log shows it',
  by: 'Robin',
  detail: 'priority P1',
  dueAt: '2026-01-05 10:00:00 UTC',
  edge: 'start',
  end: '2026-01-05 10:11:00 UTC',
  event: 'reassigned',
  file: '2026-01-05-post-mortem.md',
  from: 'P1',
  hours: '24',
  id: 'P2',
  mailed: 'privacy-officer',
  mentions: 'U0123456789 S0123456789',
  notice: 'opening notice',
  number: '7',
  open: '• 7. Consider disabling PHI access',
  required: 'yes',
  say: 'consider disabling PHI access until audit is restored',
  summary: 'gap duration Medium, PHI access Low',
  unreachable: 'incident-response-team',
  until: '2026-01-05 10:30:00 UTC',
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

const ASSESSMENT = {
  durationImpact: 'Medium' as const,
  access: 'an estimated 12 accesses, from the application log',
  accessImpact: 'Medium' as const,
  controls: 'Yes: load balancer logs',
  earlierGaps: 'none in the last 12 months of the audit table',
  summary: 'gap duration Medium, PHI access Medium',
};

const sampleFacts: readonly (readonly [number, IncidentEvent])[] = [
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
  [1, { type: 'commander.named', slackId: DETAILS.slackId, name: 'Robin' }],
  [2, { type: 'check.answered', check: 'scope', request: 'sample', verdict: VERDICT }],
  [3, { type: 'cause.stated', text: 'a migration revoked INSERT from the application role' }],
  [3, { type: 'action.stated', text: 'granting INSERT again' }],
  [3, { type: 'eta.stated', etaAt: minute(10) }],
  [11, { type: 'records.written', lastRecordAt: minute(11), perMinute: 60 }],
  [11, { type: 'gap.ended', gap: 1, endAt: minute(11), knownBy: { kind: 'record' }, because: null }],
  [
    11,
    {
      type: 'escalation.reached',
      escalation: 'incident/900000',
      why: 'INC-1 has not been resolved in 15 minutes',
      notify: ['senior-engineer'],
      unreachable: [],
      say: DETAILS.say,
    },
  ],
  [12, { type: 'post-mortem.scheduled', for: minute(1_500) }],
  [12, { type: 'incident.resolved', rootCause: null, anywayBecause: 'verified by hand', unmet: ['The health endpoint was not asked.'] }],
  [12, { type: 'assessment.confirmed', assessment: ASSESSMENT }],
];

const events = sampleFacts.map<RecordedEvent>(([after, event], index) => ({
  sequence: index + 1,
  at: minute(after),
  by: { kind: 'person', slackId: DETAILS.slackId, name: 'Robin' },
  event,
}));

const REMEDY: RemedyRun = {
  request: 'sample',
  remedy: 'rollback',
  argument: '',
  isDryRun: false,
  askedBy: { slackId: 'U0000000001', name: 'Robin' },
  askedAt: minute(5),
  confirmedBy: null,
  approvedBy: { slackId: 'U0000000002', name: 'Sam' },
  plan: {
    target: 'one',
    what: 'Roll the application back from two to one (runbook step 11).',
    figures: [{ name: 'Running now', value: 'two' }],
    takes: 'a few minutes',
    risks: ['Whatever was released since is gone with it.'],
    back: '/remedy rollback two',
    basis: 'two to one',
  },
  status: { name: 'planned', expiresAt: minute(15) },
  progress: [{ step: 'ordered', line: 'under way: three', at: minute(2), data: { url: 'https://example.org/three' } }],
  stoppedBy: 'Robin',
};
