import type { Policy } from '#domain/base/policy.ts';
import { DAY, formatUtc } from '#domain/base/time.ts';
import { gapLength } from '#domain/gap/gap.ts';
import { escalationName } from './escalations.ts';
import { type Incident, outboxMessage } from './state.ts';

export type TaskList = 'Immediate actions' | 'Escalation' | 'Recommended actions' | 'Prevention';

/** One box of the runbook's checklists as it stands. `number` stays the same for ever, so that people can name it. */
export type Task = {
  readonly id: string;
  readonly number: number;
  readonly list: TaskList;
  readonly text: string;
  readonly status: 'open' | 'done' | 'waived';
  readonly owner: string | null;
  /** Who did or waived it and when, or who has taken it; empty while nobody has. */
  readonly detail: string;
};

type Definition = {
  readonly id: string;
  readonly list: TaskList;
  readonly text: string;
  readonly applies: (incident: Incident, policy: Policy, now: Date) => boolean;
  /** When Gapwatch itself saw it happen. */
  readonly seen?: (incident: Incident) => Date | null;
};

const always = () => true;

const afterResolution = ({ resolutions }: Incident) => resolutions > 0;

const escalated = (matches: (when: string, after: number) => boolean) => (incident: Incident, policy: Policy) =>
  policy.escalations.some((each) => matches(each.when, each.after) && incident.escalated.includes(escalationName(each)));

const lateIncident = escalated((when) => when === 'incident');

const longGap = escalated((when, after) => when === 'gap' && after < DAY);

const dayLongGap = escalated((when, after) => when === 'gap' && after >= DAY);

const box = (
  list: TaskList,
  id: string,
  text: string,
  applies: Definition['applies'],
  seen?: NonNullable<Definition['seen']>,
): Definition => ({ list, id, text, applies, ...(seen ? { seen } : {}) });

/** Every box of the runbook, in its order and wording. A new one goes to the end: numbers are never given twice. */
const DEFINITIONS: readonly Definition[] = [
  box('Immediate actions', 'acknowledge', 'Acknowledge PagerDuty alert', hasAlert, acknowledgedAt),
  box('Immediate actions', 'post', 'Post in #incidents: "Acknowledged AUDIT_LOG_FAILURE - investigating"', hasAlert, postedAt),
  box('Immediate actions', 'time', 'Note current time', always, ({ openedAt }) => openedAt),
  box('Immediate actions', 'gap-start', 'Document audit gap start', always, gapStartKnownAt),
  box('Escalation', 'senior-engineer', 'Escalate to Senior Engineer', lateIncident, told('incident/')),
  box('Escalation', 'privacy-officer', 'Notify Privacy Officer', lateIncident, (incident) => doneAt(incident, 'mail/opening-notice')),
  box('Escalation', 'disable-access', 'Consider disabling PHI access until audit restored', lateIncident),
  box('Escalation', 'security-officer', 'Notify CISO / Security Officer', longGap, mailed('security-officer')),
  box('Escalation', 'response-team', 'Activate incident response team', longGap),
  box('Escalation', 'compliance-report', 'Prepare compliance report for HHS (if required)', longGap),
  box('Escalation', 'hhs-likely', 'Mandatory HHS notification likely required: have it decided', dayLongGap, hhsDecidedAt),
  box('Escalation', 'counsel', 'Engage external compliance counsel', dayLongGap, mailed('compliance-counsel')),
  box('Escalation', 'breach-assessment', 'Prepare breach assessment', dayLongGap),
  box('Recommended actions', 'assess', 'Assess the compliance impact', afterResolution, ({ followUp }) => followUp.assessment?.at ?? null),
  box('Recommended actions', 'compliance-log', 'Document in HIPAA compliance log', afterResolution),
  box('Recommended actions', 'risk-assessment', 'Update risk assessment', afterResolution),
  box('Recommended actions', 'monitoring', 'Implement additional monitoring', afterResolution),
  box('Recommended actions', 'consider-hhs', 'Consider HHS notification: gap over 24 hours or recurring', shouldConsiderHhs, hhsDecidedAt),
  box('Prevention', 'alert-failures', 'Add monitoring alert for audit log write failures', afterResolution),
  box('Prevention', 'health-check', 'Implement health check for audit logging', afterResolution),
  box('Prevention', 'alert-drops', 'Add alert for audit log count drops', afterResolution),
  box('Prevention', 'playbook', 'Document in incident playbook', afterResolution),
  box('Prevention', 'dual-write', 'Implement redundant audit logging (dual-write to S3)', afterResolution),
  box('Prevention', 'circuit-breaker', 'Add circuit breaker for audit failures', afterResolution),
  box('Prevention', 'buffering', 'Implement audit log buffering', afterResolution),
  box('Prevention', 'disk', 'Automated disk space management', afterResolution),
];

/** The boxes that apply to the incident now; what Gapwatch saw happen is ticked. */
export function tasksOf(incident: Incident, now: Date, policy: Policy): readonly Task[] {
  return DEFINITIONS.flatMap((definition, index) =>
    definition.applies(incident, policy, now) ? [taskOf(definition, index + 1, incident)] : [],
  );
}

/** The open boxes among {@link tasksOf}. */
export function openTasks(incident: Incident, now: Date, policy: Policy): readonly Task[] {
  return tasksOf(incident, now, policy).filter(({ status }) => status === 'open');
}

/** The open boxes that an escalation brought. */
export function tasksOfEscalation(incident: Incident, escalation: string, now: Date, policy: Policy): readonly Task[] {
  const [when = '', after = '0'] = escalation.split('/');
  const ids = when === 'incident' ? INCIDENT_BOXES : Number(after) < DAY ? LONG_GAP_BOXES : DAY_LONG_BOXES;
  return openTasks(incident, now, policy).filter(({ id }) => ids.includes(id));
}

const INCIDENT_BOXES = ['senior-engineer', 'privacy-officer', 'disable-access'];

const LONG_GAP_BOXES = ['security-officer', 'response-team', 'compliance-report'];

const DAY_LONG_BOXES = ['hhs-likely', 'counsel', 'breach-assessment'];

function taskOf({ id, list, text, seen }: Definition, number: number, incident: Incident): Task {
  const mark = incident.followUp.tasks[id];
  const base = { id, number, list, text, owner: mark?.owner ?? null };
  if (mark?.done) return { ...base, status: 'done', detail: `${mark.done.by}, ${formatUtc(mark.done.at)}` };
  if (mark?.waived) {
    const { by, at, because } = mark.waived;
    return { ...base, status: 'waived', detail: `waived by ${by}, ${formatUtc(at)}: ${because}` };
  }
  const seenAt = seen?.(incident) ?? null;
  if (seenAt) return { ...base, status: 'done', detail: `seen by Gapwatch, ${formatUtc(seenAt)}` };
  return { ...base, status: 'open', detail: mark?.owner ? `taken by ${mark.owner}` : '' };
}

function doneAt(incident: Incident, key: string): Date | null {
  const status = outboxMessage(incident, key)?.status;
  return status?.name === 'succeeded' ? status.at : null;
}

function hasAlert({ alerts }: Incident): boolean {
  return alerts.length > 0;
}

function acknowledgedAt(incident: Incident): Date | null {
  const done = incident.outbox.find(
    ({ payload, status }) => (payload.kind === 'acknowledge' || payload.kind === 'acknowledge-as') && status.name === 'succeeded',
  );
  return done?.status.name === 'succeeded' ? done.status.at : null;
}

function postedAt(incident: Incident): Date | null {
  const post = incident.outbox.find(({ payload }) => payload.kind === 'announcement' && /^(?:already-)?acknowledged$/.test(payload.name));
  return post?.status.name === 'succeeded' ? post.status.at : null;
}

function gapStartKnownAt({ gaps, openedAt }: Incident): Date | null {
  return gaps.length > 0 ? openedAt : null;
}

/** A person was mentioned in the channel by an escalation of this kind. */
function told(prefix: string) {
  return ({ outbox }: Incident): Date | null => {
    const post = outbox.find(
      ({ payload }) =>
        payload.kind === 'announcement' &&
        payload.name === 'escalation' &&
        payload.details.escalation?.startsWith(prefix) &&
        payload.details.mentions !== '',
    );
    return post?.status.name === 'succeeded' ? post.status.at : null;
  };
}

/** A role was written to by an escalation. */
function mailed(role: string) {
  return ({ outbox }: Incident): Date | null => {
    const mail = outbox.find(
      ({ payload, status }) =>
        payload.kind === 'escalation-notice' && payload.role === role && status.name === 'succeeded' && !isRefused(status),
    );
    return mail?.status.name === 'succeeded' ? mail.status.at : null;
  };
}

function isRefused(status: Incident['outbox'][number]['status']): boolean {
  return status.name === 'succeeded' && (status.answer.refusedRoles?.length ?? 0) > 0;
}

function hhsDecidedAt({ followUp }: Incident): Date | null {
  return followUp.hhs?.at ?? null;
}

/** Runbook §16: over 24 hours, or recurring. */
function shouldConsiderHhs(incident: Incident, _policy: Policy, now: Date): boolean {
  if (!afterResolution(incident)) return false;
  const isLong = incident.gaps.some((gap) => gapLength(gap, now) > DAY);
  return isLong || (incident.followUp.earlierGaps?.count ?? 0) > 0;
}
