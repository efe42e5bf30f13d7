import { afterAll, beforeEach, expect, type TestContext } from 'vitest';
import { readingOf, recordsBetween } from './audit-table.ts';
import { type Command, clock, type Given, given, type History, type RefusalReason, type Time } from './decisions.ts';

/** A file of test/domain/incident in which commands have their examples. */
export type Concern =
  | 'alerts'
  | 'check-runs'
  | 'commander'
  | 'deadlines'
  | 'escalations'
  | 'follow-up'
  | 'gap-corrections'
  | 'gap-tracking'
  | 'outbox'
  | 'outbox-failures'
  | 'remedy-runs'
  | 'resolution'
  | 'tasks'
  | 'timers'
  | 'updates';

type Kind = Command['kind'];
type Shown<Name extends Kind> = {
  /** Where its examples stand. */
  readonly concern: Concern;
  /** Why it can be refused on an incident; each has an example too. */
  readonly refuses: readonly RefusalReason[];
  readonly example: Command & { readonly kind: Name };
};

const verdict = { level: 'ok' as const, evidence: 'Records are written.', figures: [], nextStep: 'resolve' };
const plan = { target: 'web', what: 'Restart web.', figures: [], takes: '2 minutes', risks: [], back: 'nothing to undo', basis: 'web@41' };
const CLOSED = ['already-resolved'] as const;
const PLANNED = ['already-so'] as const;

/** Every kind of command. A kind that is missing here does not compile; one without examples fails its concern's tests. */
export const COMMANDS: { readonly [Name in Kind]: Shown<Name> } = {
  'alert-fired': shown('alerts', [], {
    kind: 'alert-fired',
    number: 1,
    alert: {
      id: 'P1',
      title: 'AuditLogFailure',
      service: 'audit',
      url: 'https://pd.example/P1',
      createdAt: new Date('2026-01-05T12:00:00Z'),
    },
    seenBy: 'webhook',
  }),
  declare: shown('alerts', ['already-open'], { kind: 'declare', number: 1, reason: 'nurses see no records', isDrill: false }),
  'alert-changed': shown('alerts', [], {
    kind: 'alert-changed',
    change: {
      alertId: 'P1',
      event: 'acknowledged',
      agent: 'Sam',
      detail: '',
      occurredAt: new Date('2026-01-05T12:01:00Z'),
      seenBy: 'webhook',
    },
  }),
  'table-read': shown('gap-tracking', [], { kind: 'table-read', reading: { kind: 'unseen', failure: 'the connection timed out' } }),
  claim: shown('commander', ['already-claimed', ...CLOSED], { kind: 'claim' }),
  'claim-due': shown('timers', [], { kind: 'claim-due' }),
  'update-due': shown('timers', [], { kind: 'update-due', number: 1 }),
  'notice-late': shown('timers', [], { kind: 'notice-late', key: 'mail/opening-notice' }),
  'post-update': shown('updates', CLOSED, { kind: 'post-update' }),
  'submit-update': shown('updates', ['impossible-time', ...CLOSED], {
    kind: 'submit-update',
    cause: 'a migration',
    action: 'granting INSERT',
    etaAt: null,
  }),
  'state-cause': shown('updates', [], { kind: 'state-cause', text: 'a migration revoked INSERT' }),
  'state-action': shown('updates', [], { kind: 'state-action', text: 'granting INSERT again' }),
  'state-eta': shown('updates', ['impossible-time'], { kind: 'state-eta', etaAt: new Date('2026-01-05T12:15:00Z') }),
  'add-note': shown('updates', [], { kind: 'add-note', text: 'the nightly job failed too' }),
  'move-gap': shown('gap-corrections', ['impossible-time', 'contradicted'], {
    kind: 'move-gap',
    edge: 'start',
    at: new Date('2026-01-05T11:50:00Z'),
    because: null,
  }),
  'hand-over': shown('commander', ['already-claimed', ...CLOSED], { kind: 'hand-over', slackId: 'U0000000002', name: 'sam' }),
  'name-scribe': shown('commander', ['already-so', ...CLOSED], { kind: 'name-scribe', slackId: 'U0000000003', name: 'kim' }),
  'keep-message': shown('commander', [], {
    kind: 'keep-message',
    ts: '1767614400.000100',
    author: 'sam',
    text: 'it began with the deploy',
  }),
  'take-task': shown('tasks', ['unknown-task', 'already-so'], { kind: 'take-task', task: 'risk-assessment' }),
  'finish-task': shown('tasks', ['unknown-task', 'already-so'], { kind: 'finish-task', task: 'risk-assessment' }),
  'waive-task': shown('tasks', ['unknown-task', 'already-so'], { kind: 'waive-task', task: 'buffering', because: 'next quarter' }),
  close: shown('tasks', ['not-resolvable-yet', 'already-so', 'tasks-open'], { kind: 'close' }),
  'count-earlier-gaps': shown('follow-up', [], { kind: 'count-earlier-gaps', count: 2, text: 'two gaps in twelve months' }),
  assess: shown('follow-up', ['not-resolvable-yet'], {
    kind: 'assess',
    assessment: {
      durationImpact: 'Medium',
      access: 'about 120 accesses',
      accessImpact: 'Medium',
      controls: 'the proxy logs requests',
      earlierGaps: 'none',
      summary: 'Medium: twelve minutes without records.',
    },
  }),
  'schedule-post-mortem': shown('follow-up', ['impossible-time'], { kind: 'schedule-post-mortem', for: new Date('2026-01-07T12:00:00Z') }),
  'decide-hhs': shown('follow-up', ['already-so'], { kind: 'decide-hhs', required: true, because: 'PHI was exposed' }),
  'hhs-notified': shown('follow-up', ['already-so'], { kind: 'hhs-notified' }),
  'notice-received': shown('follow-up', ['unknown-notice', 'already-so'], { kind: 'notice-received', key: 'mail/opening-notice' }),
  'keep-signature': shown('follow-up', [], { kind: 'keep-signature', statement: '{}', signature: 'c2ln', publicKey: 'a2V5' }),
  deny: shown('follow-up', [], { kind: 'deny', what: '/incident gap end 12:00', why: 'robin is not an approver' }),
  'escalation-due': shown('timers', [], { kind: 'escalation-due' }),
  'nudge-due': shown('timers', [], { kind: 'nudge-due', update: 3 }),
  'pause-over': shown('timers', [], { kind: 'pause-over', until: new Date('2026-01-05T12:30:00Z') }),
  'slack-closed': shown('timers', [], { kind: 'slack-closed', because: 'the channel is archived' }),
  'root-lost': shown('timers', [], { kind: 'root-lost', ts: '1767614400.000100', because: 'Slack answered thread_not_found' }),
  'slack-late': shown('timers', [], { kind: 'slack-late', key: 'slack/initial-post' }),
  'follow-up-due': shown('deadlines', [], { kind: 'follow-up-due', hours: 24, resolution: 1 }),
  'post-mortem-due': shown('deadlines', [], { kind: 'post-mortem-due', for: new Date('2026-01-07T12:00:00Z') }),
  'hhs-due': shown('deadlines', [], { kind: 'hhs-due', daysLeft: 30 }),
  'receipt-due': shown('deadlines', [], { kind: 'receipt-due', key: 'mail/opening-notice' }),
  'remedy-expires': shown('deadlines', [], { kind: 'remedy-expires', request: 'remedy-1', what: 'plan' }),
  'pause-updates': shown('updates', ['already-so', ...CLOSED], { kind: 'pause-updates', until: new Date('2026-01-05T12:30:00Z') }),
  'continue-updates': shown('updates', ['already-so', ...CLOSED], { kind: 'continue-updates' }),
  escalate: shown('escalations', ['already-so', ...CLOSED], { kind: 'escalate' }),
  resolve: shown('resolution', ['not-resolvable-yet', 'impossible-time', ...CLOSED], {
    kind: 'resolve',
    rootCause: 'a migration revoked INSERT',
    anywayBecause: null,
    reading: { kind: 'unseen', failure: 'the connection timed out' },
  }),
  'write-report': shown('follow-up', [], { kind: 'write-report' }),
  'request-check': shown('check-runs', [], { kind: 'request-check', check: 'scope', argument: '', request: 'check-1' }),
  'check-progressed': shown('check-runs', [], { kind: 'check-progressed', check: 'gaps', request: 'check-1', line: '3 of 90 days read' }),
  'stop-check': shown('check-runs', ['already-so'], { kind: 'stop-check', request: 'check-1' }),
  'check-answered': shown('check-runs', [], { kind: 'check-answered', check: 'scope', request: 'check-1', verdict, liveUntil: null }),
  'check-refreshed': shown('check-runs', [], { kind: 'check-refreshed', check: 'rate', request: 'check-1', verdict }),
  'ask-remedy': shown('remedy-runs', ['drill', 'another-remedy', ...CLOSED], {
    kind: 'ask-remedy',
    remedy: 'restart',
    argument: 'web',
    request: 'remedy-1',
    dryRun: false,
  }),
  'remedy-planned': shown('remedy-runs', [], { kind: 'remedy-planned', request: 'remedy-1', plan }),
  'approve-remedy': shown('remedy-runs', ['same-person', 'expired', ...PLANNED, ...CLOSED], {
    kind: 'approve-remedy',
    request: 'remedy-1',
  }),
  'decline-remedy': shown('remedy-runs', PLANNED, { kind: 'decline-remedy', request: 'remedy-1' }),
  'stop-remedy': shown('remedy-runs', ['already-so'], { kind: 'stop-remedy', request: 'remedy-1' }),
  'remedy-progressed': shown('remedy-runs', [], {
    kind: 'remedy-progressed',
    request: 'remedy-1',
    step: 'deploy',
    line: 'A new deployment was created.',
    data: { deployment: 'd-42' },
  }),
  'remedy-ended': shown('remedy-runs', [], { kind: 'remedy-ended', request: 'remedy-1', outcome: 'done', message: 'web runs again.' }),
  'outbox-delivered': shown('outbox', [], { kind: 'outbox-delivered', key: 'slack/initial-post', answer: { message: 'posted' } }),
  'outbox-failed': shown('outbox-failures', [], {
    kind: 'outbox-failed',
    key: 'slack/initial-post',
    outcome: 'unavailable',
    detail: 'Slack does not answer',
    retryAfterMilliseconds: null,
  }),
};

function shown<Name extends Kind>(
  concern: Concern,
  refuses: readonly RefusalReason[],
  example: Command & { readonly kind: Name },
): Shown<Name> {
  return { concern, refuses, example };
}

/**
 * The examples of one concern. When all of a file's tests have run, each command of the concern must have had an example that leads to
 * events and one of every refusal; a refusal that is not listed above is told too.
 */
export function examplesOf(concern: Concern): (...history: readonly History[]) => Given {
  const outcomes = new Set<string>();
  const files = new Set<TestContext['task']['file']>();
  beforeEach(({ task }) => void files.add(task.file));
  afterAll(() => {
    // With a filter on the command line not every example runs.
    if (![...files].every(runsWhole)) return;
    const mine = Object.entries(COMMANDS).filter(([, each]) => each.concern === concern);
    const owed = mine.flatMap(([kind, { refuses }]) => ['events', ...refuses].map((outcome) => `${kind}: ${outcome}`));
    const given = [...outcomes].filter((outcome) => mine.some(([kind]) => outcome.startsWith(`${kind}: `)));
    expect(given.toSorted(), `what the examples of "${concern}" show, against what COMMANDS lists`).toEqual(owed.toSorted());
  });
  return (...history) =>
    given(history, (kind, outcome) => {
      if (outcome !== 'no-open-incident') outcomes.add(`${kind}: ${outcome}`);
    });
}

function runsWhole(task: TestContext['task']['file']['tasks'][number]): boolean {
  return task.mode === 'run' && (!('tasks' in task) || task.tasks.every(runsWhole));
}

type Reading = {
  readonly at: Time;
  /** Stretches with a record every twenty seconds. */
  readonly written: readonly (readonly [from: Time, until: Time])[];
  /** Recorded gaps in which records are counted; `null` is a gap that is open. */
  readonly inside?: readonly (readonly [start: Time, end: Time | null])[];
};

/** A reading of a table with these records, of an incident whose alert fired at noon. */
export function reads(reading: Reading): Extract<Command, { kind: 'table-read' }> {
  return { kind: 'table-read', reading: readingAt(reading) };
}

/** The reading itself. */
export function readingAt({ at, written, inside = [] }: Reading) {
  return readingOf(
    written.flatMap(([from, until]) => recordsBetween(clock(from), clock(until))),
    {
      at: clock(at),
      countedFrom: clock('12:00'),
      since: clock('11:50'),
      inside: inside.map(([start, end]) => ({ start: clock(start), end: end === null ? 'ongoing' : clock(end) })),
    },
  );
}

type Delivered = Extract<Command, { kind: 'outbox-delivered' }>;
type Failed = Extract<Command, { kind: 'outbox-failed' }>;

/** The service took a message. */
export function goesOut(key: string, answer: Partial<Delivered['answer']> = {}): Delivered {
  return { kind: 'outbox-delivered', key, answer: { message: 'taken', ...answer } };
}

/** The service did not answer, or whatever `also` says. */
export function fails(key: string, also: Partial<Failed> = {}): Failed {
  const unanswered = { outcome: 'unavailable', detail: 'no answer within 5 seconds', retryAfterMilliseconds: null } as const;
  return { kind: 'outbox-failed', key, ...unanswered, ...also };
}
