import type { Policy } from '#domain/base/policy.ts';
import { formatUtc } from '#domain/base/time.ts';
import { announce } from '#domain/incident/outbox/queue.ts';
import { actorName } from './actor.ts';
import { openTasks, type Task, tasksOf } from './checklist.ts';
import { type CommandRows, type Decision, type DecisionContext, type Evolutions, personOf, refuse, type TimelineTexts } from './concern.ts';
import type { IncidentEvent } from './event.ts';
import { type Incident, incidentName, type TaskMark, withFollowUp } from './state.ts';

/** The boxes of the runbook's checklists, and closing the incident when none is left. */
export type TaskCommand =
  | { readonly kind: 'take-task'; readonly task: string }
  | { readonly kind: 'finish-task'; readonly task: string }
  | { readonly kind: 'waive-task'; readonly task: string; readonly because: string }
  | { readonly kind: 'close' };

type Marking = Exclude<TaskCommand, { kind: 'close' }>;

export const taskCommands: CommandRows<TaskCommand> = {
  'take-task': {
    permission: 'member',
    decide: (incident, command, context) => markTask(incident, command, context),
  },
  'finish-task': {
    permission: 'member',
    decide: (incident, command, context) => markTask(incident, command, context),
  },
  'waive-task': { permission: 'member', decide: (incident, command, context) => markTask(incident, command, context) },
  close: { permission: 'member', decide: (incident, _command, { now, policy }) => close(incident, now, policy) },
};

type TaskEvent = 'task.taken' | 'task.done' | 'task.waived' | 'incident.closed';

export const taskEvolutions: Evolutions<TaskEvent> = {
  'task.taken': (incident, { task, name }) => withMark(incident, task, { owner: name }),
  'task.done': (incident, { task }, { at, by }) => withMark(incident, task, { done: { by: actorName(by), at }, waived: null }),
  'task.waived': (incident, { task, because }, { at, by }) => withMark(incident, task, { waived: { by: actorName(by), at, because } }),
  'incident.closed': (incident, _event, { at, by }) => withFollowUp(incident, { closed: { by: actorName(by), at } }),
};

const UNMARKED: TaskMark = { owner: null, done: null, waived: null };

function withMark(incident: Incident, task: string, mark: Partial<TaskMark>): Incident {
  const { tasks } = incident.followUp;
  return withFollowUp(incident, { tasks: { ...tasks, [task]: { ...(tasks[task] ?? UNMARKED), ...mark } } });
}

export const taskTexts: TimelineTexts<TaskEvent> = {
  'task.taken': ({ task }) => `Task taken: ${task}`,
  'task.done': ({ task }) => `Task done: ${task}`,
  'task.waived': ({ task, because }) => `Task waived: ${task}, because ${because}`,
  'incident.closed': () => 'Incident closed',
};

/** A person takes a box of the checklists, ticks it, or waives it with a reason. */
function markTask(incident: Incident, command: Marking, context: DecisionContext): Decision {
  const { now, policy } = context;
  const person = personOf(context);
  const task = tasksOf(incident, now, policy).find(({ id }) => id === command.task);
  if (!task) return refuse('unknown-task', 'There is no such task on this incident. `/incident tasks` lists them.');
  if (task.status !== 'open') return refuse('already-so', `Task ${task.number} is ${task.status} already: ${task.detail}.`);
  const told = (what: string): IncidentEvent => announce(incident, now, 'task', { what, text: task.text, number: String(task.number) });
  switch (command.kind) {
    case 'take-task': {
      const { slackId, name } = person;
      return { events: [{ type: 'task.taken', task: task.id, slackId, name }, told(`${name} takes`)] };
    }
    case 'finish-task':
      return { events: [{ type: 'task.done', task: task.id }, told(`${person.name} has done`)] };
    case 'waive-task':
      return { events: [{ type: 'task.waived', task: task.id, because: command.because }, told(`${person.name} waives`)] };
    default:
      return command satisfies never;
  }
}

/** Closes a resolved incident: every box must be done or waived with a reason, and HHS notified where a person said that it must be. */
export function close(incident: Incident, now: Date, policy: Policy): Decision {
  const name = incidentName(incident.number);
  if (incident.phase.name === 'open')
    return refuse('not-resolvable-yet', `${name} is not resolved yet. Resolve it first: \`/incident resolve\`.`);
  const { closed } = incident.followUp;
  if (closed) return refuse('already-so', `${name} was closed at ${formatUtc(closed.at)} by ${closed.by}.`);
  const left = [...openTasks(incident, now, policy).map(taskLine), ...owedToHhs(incident)];
  if (left.length > 0) {
    return refuse(
      'tasks-open',
      `${name} can't be closed yet:\n${left.join('\n')}\nTick with \`/incident tasks done <number>\`, or waive with \`/incident tasks waive <number> because <reason>\`.`,
    );
  }
  return { events: [{ type: 'incident.closed' }, announce(incident, now, 'closed', {}, { broadcast: true })] };
}

function taskLine({ number, text, detail }: Task): string {
  return `• ${number}. ${text}${detail === '' ? '' : ` (${detail})`}`;
}

function owedToHhs({ followUp: { hhs } }: Incident): readonly string[] {
  return hhs?.required && !hhs.notified ? ['• HHS must be notified and nobody has said that it was: `/incident hhs notified`.'] : [];
}
