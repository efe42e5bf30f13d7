import { type Policy, roleName } from '#domain/base/policy.ts';
import { HOUR, plus } from '#domain/base/time.ts';
import type { Call } from '#domain/incident/call.ts';
import { escalationName } from '#domain/incident/escalation.ts';
import type { Recorded } from '#domain/incident/event.ts';
import { hhsDeadline } from '#domain/incident/hhs.ts';
import type { Incident } from '#domain/incident/state.ts';
import { tasksOfEscalation } from '#domain/incident/tasks.ts';
import { actionsTaken } from '#domain/incident/timeline.ts';
import { incidentView, latenessOf } from './view.ts';

/** What goes along with a notice: files by name, and what could not be made, each with why. */
export type Enclosed = { readonly attached: readonly string[]; readonly missing: readonly string[] };

type Circumstances = {
  readonly facts: readonly Recorded[];
  readonly now: Date;
  readonly policy: Policy;
  readonly receiptUrl: string;
  readonly enclosed: Enclosed;
};

/** What the template of a notice may use: one set for all of them, every field filled. */
export function noticeVariables(
  incident: Incident,
  call: Pick<Call, 'deed' | 'dueAt' | 'status'>,
  { facts, now, policy, receiptUrl, enclosed }: Circumstances,
): Readonly<Record<string, unknown>> {
  const { deed } = call;
  const escalation =
    deed.kind === 'escalation-notice' ? policy.escalations.find((each) => escalationName(each) === deed.escalation) : undefined;
  return {
    incident: { ...incidentView(incident, now, policy), late: latenessOf(call, now) },
    sentAt: now,
    actions: actionsTaken(facts),
    attached: enclosed.attached.join(', '),
    missing: enclosed.missing.join('; '),
    receiptUrl,
    receiptBy: plus(now, HOUR),
    hhsDeadline: hhsDeadline(incident),
    changes: deed.kind === 'correction-notice' ? deed.changes : [],
    daysLeft: deed.kind === 'hhs-notice' ? deed.daysLeft : 0,
    role: 'role' in deed ? roleName(deed.role) : 'Privacy Officer',
    unreachable: 'Slack',
    why: reasonOf(facts, deed),
    say: escalation?.say ?? '',
    tasks: deed.kind === 'escalation-notice' ? tasksOfEscalation(incident, deed.escalation, now, policy) : [],
  };
}

function reasonOf(facts: readonly Recorded[], deed: Call['deed']): string {
  if (deed.kind !== 'escalation-notice') return '';
  return facts.map(({ fact }) => (fact.type === 'escalation.reached' && fact.escalation === deed.escalation ? fact.why : '')).join('');
}
