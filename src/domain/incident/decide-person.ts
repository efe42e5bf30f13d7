import type { Policy } from '#domain/base/policy.ts';
import { between, DAY, formatUtc, plus } from '#domain/base/time.ts';
import { type Gap, ongoingGap } from '#domain/gap/gap.ts';
import type { Person } from './actor.ts';
import type { Command, Decision } from './command.ts';
import type { DecisionContext } from './context.ts';
import { acknowledgeAs } from './decide-roles.ts';
import type { IncidentEvent } from './event.ts';
import { refuse, refuseUnlessOpen } from './refusals.ts';
import { announce, queueMessage } from './requests.ts';
import { type Incident, incidentName } from './state.ts';
import { lastUpdateNumber, nextUpdate } from './update-schedule.ts';

/** "I'm on it": the person is named on the root message and PagerDuty is asked to show them as the responder. */
export function claim(incident: Incident, { now }: DecisionContext, person: Person): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  if (incident.claim?.slackId === person.slackId) {
    return refuse('already-claimed', `You are already on ${incidentName(incident.number)}, since ${formatUtc(incident.claim.at)}.`);
  }
  const former = incident.claim?.name ?? '';
  return {
    events: [
      { type: 'commander.named', slackId: person.slackId, name: person.name },
      ...acknowledgeAs(incident, person.slackId, person.name, now),
      announce(incident, now, 'claimed', { name: person.name, slackId: person.slackId, former }),
    ],
  };
}

type Statement = Extract<Command, { kind: 'state-cause' | 'state-action' | 'state-eta' | 'add-note' }>;

/** What a person states: root cause, current action, ETA, or a note. Each is kept; the thread shows who said it. */
export function stated(incident: Incident, command: Statement, now: Date): Decision {
  const told = (what: string, text: string): IncidentEvent => announce(incident, now, 'stated', { what, text });
  switch (command.kind) {
    case 'state-cause':
      return { events: [{ type: 'cause.stated', text: command.text }, told('Root cause', command.text)] };
    case 'state-action':
      return { events: [{ type: 'action.stated', text: command.text }, told('Action', command.text)] };
    case 'state-eta':
      if (command.etaAt.getTime() <= now.getTime()) {
        return refuse(
          'impossible-time',
          `${formatUtc(command.etaAt)} has already passed. Give a time ahead, such as \`/incident eta 15m\`.`,
        );
      }
      return { events: [{ type: 'eta.stated', etaAt: command.etaAt }, told('ETA', formatUtc(command.etaAt))] };
    case 'add-note':
      return { events: [{ type: 'note.added', text: command.text }, told('Note', command.text)] };
    default:
      return command satisfies never;
  }
}

/** A person corrects or declares an edge of the latest gap; the former value stays on the timeline. */
export function moveGap(
  incident: Incident,
  { edge, at, because }: Extract<Command, { kind: 'move-gap' }>,
  { now }: DecisionContext,
  person: Person,
): Decision {
  const gap = ongoingGap(incident.gaps) ?? incident.gaps.at(-1);
  const problem = impossible(incident, gap, edge, at, now);
  if (problem !== null) return refuse('impossible-time', problem);
  const knownBy = { kind: 'person', name: person.name } as const;
  const former = formerEdge(gap, edge);
  const details = {
    edge,
    formerly: former ? formatUtc(former) : 'not known',
    at: formatUtc(at),
    by: person.name,
    because: because ?? '',
  };
  const told = announce(incident, now, 'gap-corrected', details);
  if (gap === undefined) return { events: [{ type: 'gap.opened', gap: 1, startAt: at, knownBy, because }, told] };
  if (edge === 'end' && gap.end === 'ongoing') return { events: [{ type: 'gap.ended', gap: gap.id, endAt: at, knownBy, because }, told] };
  return { events: [{ type: 'gap.corrected', gap: gap.id, edge, at, knownBy, formerly: former, because }, told] };
}

function formerEdge(gap: Gap | undefined, edge: 'start' | 'end'): Date | null {
  if (gap === undefined) return null;
  if (edge === 'start') return gap.start.at;
  return gap.end === 'ongoing' ? null : gap.end.at;
}

function impossible(incident: Incident, gap: Gap | undefined, edge: 'start' | 'end', at: Date, now: Date): string | null {
  const typed = formatUtc(at);
  if (between(at, now) < 0) return `${typed} is still ahead (it is ${formatUtc(now)}). A gap's ${edge} lies in the past.`;
  if (between(at, incident.startedAt) > 366 * DAY) return `${typed} is more than a year before the incident. Check the date.`;
  if (edge === 'start') {
    const end = gap === undefined || gap.end === 'ongoing' ? null : gap.end.at;
    return end !== null && between(at, end) <= 0 ? `The gap ended at ${formatUtc(end)}; its start can't be ${typed}.` : null;
  }
  if (gap === undefined) return 'No gap is known yet. Declare its start first: `/incident gap start <time>`.';
  if (between(gap.start.at, at) <= 0) return `The gap started at ${formatUtc(gap.start.at)}; its end can't be ${typed}.`;
  const { records } = incident;
  const quietSince = records.status === 'silent' && incident.phase.name === 'open' ? records.lastRecordAt : null;
  if (quietSince !== null && between(quietSince, at) > 0) {
    return `The audit table has been silent since ${formatUtc(quietSince)}, so the gap can't have ended at ${typed}.`;
  }
  return null;
}

/** The update form: what differs from what is known is stated, and the update goes out at once. */
export function submitUpdate(
  incident: Incident,
  { cause, action, etaAt }: Extract<Command, { kind: 'submit-update' }>,
  now: Date,
  policy: Policy,
): Decision {
  const update = postUpdate(incident, now, policy);
  if (update.refused) return update;
  const stated: readonly IncidentEvent[] = [
    ...(cause !== '' && cause !== incident.rootCause ? [{ type: 'cause.stated' as const, text: cause }] : []),
    ...(action !== '' && action !== incident.action ? [{ type: 'action.stated' as const, text: action }] : []),
    ...(etaAt && etaAt.getTime() !== incident.etaAt?.getTime() ? [{ type: 'eta.stated' as const, etaAt }] : []),
  ];
  return { events: [...stated, ...update.events] };
}

/** A person's own update goes out at once and the next one is due a full interval later. */
export function postUpdate(incident: Incident, now: Date, policy: Policy): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  const number = lastUpdateNumber(incident) + 1;
  const update = queueMessage(`update/${number}`, { kind: 'update', number, missed: [], whyMissed: null }, now);
  return { events: [update, { type: 'update.scheduled', number: number + 1, dueAt: plus(now, policy.updates.every) }] };
}

/** Stops the regular updates until a moment: a pause without an end would be silence. */
export function pause(incident: Incident, { until }: Extract<Command, { kind: 'pause-updates' }>, now: Date): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  if (incident.updatesPaused && incident.pausedUntil?.getTime() === until.getTime()) {
    return refuse('already-so', `Updates are paused until ${formatUtc(until)} already. \`/incident continue\` starts them again.`);
  }
  return { events: [{ type: 'updates.paused', until }, announce(incident, now, 'updates-paused', { until: formatUtc(until) })] };
}

/** Starts the regular updates again, with the next one a full interval away. */
export function continueUpdates(incident: Incident, now: Date, policy: Policy): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  if (!incident.updatesPaused) return refuse('already-so', 'Updates are not paused.');
  const next = nextUpdate(incident, now, policy);
  return { events: [{ type: 'updates.continued' }, next, announce(incident, now, 'updates-continued')] };
}

/** Pages the next escalation level of every alert that PagerDuty still holds open. */
export function escalate(incident: Incident, now: Date): Decision {
  const closed = refuseUnlessOpen(incident);
  if (closed) return closed;
  const pages = pageNextLevel(incident, now);
  if (pages.length === 0) {
    return refuse(
      'already-so',
      'No open PagerDuty alert belongs to this incident, so there is nobody to page. Call the next person yourself.',
    );
  }
  return { events: [{ type: 'escalation.requested', reason: 'asked by a person' }, ...pages] };
}

/** The calls that page the level after the one paged last, once a service: a hundred alerts of one failure must not page anybody a hundred times. */
export function pageNextLevel(incident: Incident, now: Date): readonly IncidentEvent[] {
  const level = incident.pagedLevel + 1;
  const open = incident.alerts.filter((alert) => alert.status !== 'resolved');
  return open
    .filter((alert, index) => open.findIndex(({ service }) => service === alert.service) === index)
    .map((alert) => queueMessage(`page/${alert.id}/${incident.eventCount}`, { kind: 'page-next-level', alertId: alert.id, level }, now));
}
