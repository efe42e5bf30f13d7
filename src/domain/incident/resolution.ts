import type { TableReading } from '#domain/audit-table/reading.ts';
import type { Policy } from '#domain/base/policy.ts';
import { formatUtc } from '#domain/base/time.ts';
import { ongoingGap } from '#domain/gap/gap.ts';
import { noteOnAlerts, queueMessage } from '#domain/incident/outbox/queue.ts';
import { type CommandRows, type Decision, type Evolutions, refuse, type TimelineTexts } from './concern.ts';
import { type Detail, detailSchema, type IncidentEvent } from './event.ts';
import { postMortemEvents, refuseUnlessPostMortemAhead } from './follow-up.ts';
import { afterReading } from './gap-tracking.ts';
import { type Incident, incidentName } from './state.ts';
import { tableRead } from './table-reading.ts';

/** How an incident begins and ends: what must hold before it may be resolved, and what goes out when it is. */
export type ResolutionCommand =
  | {
      readonly kind: 'resolve';
      readonly rootCause: string | null;
      readonly anywayBecause: string | null;
      readonly reading: TableReading;
      readonly details?: Readonly<Partial<Record<Detail, string>>>;
      readonly postMortemAt?: Date | null;
    }
  | { readonly kind: 'write-report' };

export const resolutionCommands: CommandRows<ResolutionCommand> = {
  resolve: { permission: 'confirmed-member', decide: (incident, command, { now, policy }) => resolve(incident, command, now, policy) },
  'write-report': {
    permission: 'member',
    decide: (incident, _command, { now }) => ({
      events: [queueMessage(`gap-report/${incident.eventCount}`, { kind: 'gap-report' }, now)],
    }),
  },
};

type LifeEvent = 'incident.opened' | 'incident.reopened' | 'incident.resolved';

export const resolutionEvolutions: Evolutions<LifeEvent> = {
  // The first event makes the state; a second one would say nothing new.
  'incident.opened': (incident) => incident,
  'incident.reopened': (incident) => ({ ...incident, phase: { name: 'open' }, followUp: { ...incident.followUp, closed: null } }),
  'incident.resolved': (incident, { anywayBecause, unmet, rootCause }, { at, by }) => ({
    ...incident,
    phase: { name: 'resolved', at, by: by.kind === 'person' ? by.name : 'Gapwatch', anywayBecause, unmet },
    rootCause: rootCause ?? incident.rootCause,
    nextUpdate: null,
    // A pause ends with what it paused: after a reopening the updates come again.
    updatesPaused: false,
    pausedUntil: null,
    resolutions: incident.resolutions + 1,
  }),
};

export const resolutionTexts: TimelineTexts<LifeEvent> = {
  'incident.opened': ({ reason, startedAt }) => `Incident opened: ${reason} (began ${formatUtc(startedAt)})`,
  'incident.reopened': ({ because }) => `Incident reopened: ${because}`,
  'incident.resolved': ({ rootCause, anywayBecause, unmet }) => {
    const anyway = anywayBecause === null ? '' : `, although: ${unmet.join(' ')} Reason given: ${anywayBecause}`;
    return `Incident resolved. Root cause: ${rootCause ?? 'as stated before, or not yet known'}${anyway}`;
  },
};

/**
 * Resolves the incident after a fresh reading of the audit table: no gap may be open and records must be written (runbook steps 13
 * and 14). What is still wrong is said, and `anyway because …` resolves all the same, with the reason on the record.
 */
export function resolve(incident: Incident, command: Extract<ResolutionCommand, { kind: 'resolve' }>, now: Date, policy: Policy): Decision {
  if (incident.phase.name !== 'open') {
    return refuse(
      'already-resolved',
      `${incidentName(incident.number)} was resolved at ${formatUtc(incident.phase.at)} by ${incident.phase.by}.`,
    );
  }
  const passed = command.postMortemAt ? refuseUnlessPostMortemAhead(command.postMortemAt, now) : null;
  if (passed) return passed;
  const seen = tableRead(incident, command.reading, now, policy);
  const after = afterReading(incident, seen, now);
  const unmet = unmetConditions(after);
  if (unmet.length > 0 && command.anywayBecause === null) {
    return { events: seen, refused: { reason: 'not-resolvable-yet', message: notYet(after, unmet) } };
  }
  const resolved: IncidentEvent = {
    type: 'incident.resolved',
    rootCause: command.rootCause,
    anywayBecause: unmet.length > 0 ? command.anywayBecause : null,
    unmet: [...unmet],
  };
  const details = Object.entries(command.details ?? {}).flatMap<IncidentEvent>(([detail, text]) =>
    text === '' ? [] : [{ type: 'detail.stated', detail: detailSchema.parse(detail), text }],
  );
  const postMortem = command.postMortemAt ? postMortemEvents(incident, command.postMortemAt, now) : [];
  return { events: [...seen, ...details, resolved, ...closing(after, command.rootCause ?? incident.rootCause, now), ...postMortem] };
}

/** What still speaks against resolving, each as a sentence; empty when nothing does. */
export function unmetConditions(incident: Incident): readonly string[] {
  const gap = ongoingGap(incident.gaps);
  const openGap = gap ? [`The gap that began at ${formatUtc(gap.start.at)} is still open.`] : [];
  const { records } = incident;
  switch (records.status) {
    case 'written':
      return openGap;
    case 'silent': {
      const since = records.lastRecordAt ? `since ${formatUtc(records.lastRecordAt)}` : 'at all';
      return [`No audit record has been written ${since}.`, ...openGap];
    }
    case 'unseen':
      return [`Gapwatch can't see whether records are written: ${records.failure}.`, ...openGap];
    case 'unknown':
      return ['Gapwatch has not looked at the audit table yet.', ...openGap];
    default:
      return records satisfies never;
  }
}

function notYet(incident: Incident, unmet: readonly string[]): string {
  const lines = unmet.map((sentence) => `• ${sentence}`).join('\n');
  return (
    `${incidentName(incident.number)} is not resolved yet:\n${lines}\n` +
    'When you know better, say why: `/incident resolve anyway because <reason>`. To correct the gap: `/incident gap end <time>`.'
  );
}

function closing(incident: Incident, rootCause: string | null, now: Date): readonly IncidentEvent[] {
  const superseded = incident.outbox
    .filter(({ payload, status }) => payload.kind === 'update' && status.name === 'due')
    .map<IncidentEvent>(({ key }) => ({ type: 'outbox.superseded', key, because: 'the incident was resolved' }));
  const number = incident.resolutions + 1;
  const resolveAlerts = incident.alerts
    .filter((alert) => alert.status !== 'resolved')
    .map((alert) => queueMessage(`resolve/${alert.id}/${number}`, { kind: 'resolve-alert', alertId: alert.id }, now));
  return [
    ...superseded,
    queueMessage(`resolution-report/${number}`, { kind: 'gap-report' }, now),
    ...noteOnAlerts(incident, now, `is resolved. Root cause: ${rootCause ?? 'not yet known'}`),
    ...resolveAlerts,
  ];
}
