import type { Policy } from '#domain/base/policy.ts';
import { formatUtc } from '#domain/base/time.ts';
import type { Person } from './actor.ts';
import type { Command, Decision } from './command.ts';
import type { IncidentEvent } from './event.ts';
import { refuse } from './refusals.ts';
import { announce } from './requests.ts';
import { type Incident, incidentName } from './state.ts';
import { openTasks, type Task, tasksOf } from './tasks.ts';

type TaskCommand = Extract<Command, { kind: 'take-task' | 'finish-task' | 'waive-task' }>;

/** A person takes a box of the checklists, ticks it, or waives it with a reason. */
export function markTask(incident: Incident, command: TaskCommand, now: Date, policy: Policy, person: Person): Decision {
  const task = tasksOf(incident, now, policy).find(({ id }) => id === command.task);
  if (!task) return refuse('unknown-task', 'There is no such task on this incident. `/incident tasks` lists them.');
  if (task.status !== 'open') return refuse('already-so', `Task ${task.number} is ${task.status} already: ${task.text}.`);
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
