import { formatUtc } from '#domain/base/time.ts';
import type { Person } from './actor.ts';
import { type Decision, type DecisionContext, personOf, refuse, refuseUnlessOpen } from './concern.ts';
import type { Incident, RemedyRun } from './state.ts';

/**
 * Who may approve a remedy: a person with the permission `approver` (`approvals.approvers`, permission.ts), and not the one who asked while
 * `approvals.two_person` is on. The last resort takes two people whatever the policy says. The plan must be the one that was shown, and
 * still good.
 */
export function approveRemedy(incident: Incident, run: RemedyRun | undefined, context: DecisionContext): Decision {
  const { now, policy } = context;
  const by = personOf(context);
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  const refused = refuseUnlessPlanned(run);
  if (refused) return refused;
  if (run?.status.name !== 'planned') return { events: [] };
  if (run.status.expiresAt <= now)
    return refuse('expired', `The plan was good until ${formatUtc(run.status.expiresAt)}. Ask for the remedy again.`);
  if (run.remedy === 'recreate-table') return approveAsTwo(run, by);
  if (policy.twoPerson && run.askedBy.slackId === by.slackId) {
    return refuse('same-person', 'You asked for it: a second person must approve (`approvals.two_person` in runbook.yaml).');
  }
  return { events: [{ type: 'remedy.approved', request: run.request }] };
}

/** One of the two may be who asked and typed the table's name. */
function approveAsTwo({ request, confirmedBy }: RemedyRun, by: Person): Decision {
  if (confirmedBy === null) return { events: [{ type: 'remedy.confirmed', request }] };
  if (confirmedBy.slackId === by.slackId) return refuse('same-person', 'You have approved it already: it takes a second person.');
  return { events: [{ type: 'remedy.approved', request }] };
}

/** Returns why a remedy can be neither approved nor declined now; null while its plan waits for that. */
export function refuseUnlessPlanned(run: RemedyRun | undefined): Decision | null {
  if (!run) return refuse('already-so', 'There is no such remedy.');
  switch (run.status.name) {
    case 'asked':
      return refuse('already-so', 'It is still being planned.');
    case 'planned':
      return null;
    case 'approved':
      return refuse('already-so', `${run.status.by.name} has approved it already; it is at work.`);
    case 'ended':
      return refuse('already-so', `It is over: ${run.status.message}`);
    default:
      return run.status satisfies never;
  }
}
