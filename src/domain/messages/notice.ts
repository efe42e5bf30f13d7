import { type Policy, roleName } from '#domain/base/policy.ts';
import { HOUR, plus } from '#domain/base/time.ts';
import { tasksOfEscalation } from '#domain/incident/checklist.ts';
import { escalationName } from '#domain/incident/escalations.ts';
import type { RecordedEvent } from '#domain/incident/event.ts';
import { hhsDeadline } from '#domain/incident/hhs.ts';
import type { OutboxMessage } from '#domain/incident/outbox/message.ts';
import type { Incident } from '#domain/incident/state.ts';
import { actionsTaken } from '#domain/incident/timeline.ts';
import { incidentView, latenessOf } from './view.ts';

/** What goes along with a notice: files by name, and what could not be made, each with why. */
export type Enclosed = { readonly attached: readonly string[]; readonly missing: readonly string[] };

type DecisionContext = {
  readonly events: readonly RecordedEvent[];
  readonly now: Date;
  readonly policy: Policy;
  readonly receiptUrl: string;
  readonly enclosed: Enclosed;
};

/** What the template of a notice may use: one set for all of them, every field filled. */
export function noticeVariables(
  incident: Incident,
  outgoing: Pick<OutboxMessage, 'payload' | 'dueAt' | 'status'>,
  { events, now, policy, receiptUrl, enclosed }: DecisionContext,
): Readonly<Record<string, unknown>> {
  const { payload } = outgoing;
  const escalation =
    payload.kind === 'escalation-notice' ? policy.escalations.find((each) => escalationName(each) === payload.escalation) : undefined;
  return {
    incident: { ...incidentView(incident, now, policy), late: latenessOf(outgoing, now) },
    sentAt: now,
    actions: actionsTaken(events),
    attached: enclosed.attached.join(', '),
    missing: enclosed.missing.join('; '),
    receiptUrl,
    receiptBy: plus(now, HOUR),
    hhsDeadline: hhsDeadline(incident),
    changes: payload.kind === 'correction-notice' ? payload.changes : [],
    daysLeft: payload.kind === 'hhs-notice' ? payload.daysLeft : 0,
    role: 'role' in payload ? roleName(payload.role) : 'Privacy Officer',
    unreachable: 'because' in outgoing.payload && outgoing.payload.because ? `Slack (${outgoing.payload.because})` : 'Slack',
    why: reasonOf(events, payload),
    say: escalation?.say ?? '',
    tasks: payload.kind === 'escalation-notice' ? tasksOfEscalation(incident, payload.escalation, now, policy) : [],
  };
}

function reasonOf(events: readonly RecordedEvent[], payload: OutboxMessage['payload']): string {
  if (payload.kind !== 'escalation-notice') return '';
  return events
    .map(({ event }) => (event.type === 'escalation.reached' && event.escalation === payload.escalation ? event.why : ''))
    .join('');
}
