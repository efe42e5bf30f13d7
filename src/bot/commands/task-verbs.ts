import type { Reply } from '#bot/reply.ts';
import { typedText } from '#bot/typed.ts';
import { escapeMrkdwn } from '#domain/base/text/mrkdwn.ts';
import { type Task, tasksOf } from '#domain/incident/checklist.ts';
import { incidentName } from '#domain/incident/state.ts';
import { type Block, type SlackMessage, taskButtons } from '#domain/messages/blocks.ts';
import { measureGapsAgain } from '#workflows/checks/poll-table.ts';
import type { AppContext } from '#workflows/context.ts';
import { load } from '#workflows/execute.ts';
import { give, onIncident, type Request, type Verb } from './request.ts';

const USAGE = 'Name a task by its number: `/incident tasks done 3`, `/incident tasks take 3`, `/incident tasks waive 3 because <reason>`.';

/** The runbook's checklists. */
export const TASK_VERBS: Readonly<Record<string, Verb>> = {
  tasks: { usage: 'tasks [done|take|waive <number> [because …]]', help: 'the checklists: see, tick, take or waive', run: tasks },
  close: {
    usage: 'close',
    help: 'close a resolved incident, once every task is done or waived',
    run: close,
  },
};

/** What the record says of a gap for the last time is what the table says now. */
async function close(request: Request): Promise<Reply> {
  return onIncident(request, async (number) => {
    await measureGapsAgain(request.context, number);
    return give({ ...request, number }, { kind: 'close' }, 'Closed.');
  });
}

async function tasks(request: Request): Promise<Reply> {
  if (request.rest === '') return onIncident(request, (number) => tasksMessage(request.context, number));
  const match = /^(done|take|waive)\s+(\d{1,3})(?:\s+because\s+([\s\S]+))?$/i.exec(request.rest);
  if (!match) return USAGE;
  const [, what = '', typed = '', because] = match;
  return onIncident(request, async (number) => {
    const { incident } = await load(request.context, number);
    const task = incident && tasksOf(incident, request.context.now(), request.context.policy).find((each) => each.number === Number(typed));
    if (!task) return `There is no task ${typed} on this incident. \`/incident tasks\` lists them.`;
    switch (what.toLowerCase()) {
      case 'done':
        return give(request, { kind: 'finish-task', task: task.id }, `Task ${typed} is done.`);
      case 'take':
        return give(request, { kind: 'take-task', task: task.id }, `Task ${typed} is yours.`);
      default: {
        const reason = typedText(because, 1_000);
        if (reason === '') return `Say why: \`/incident tasks waive ${typed} because <reason>\`.`;
        return give(request, { kind: 'waive-task', task: task.id, because: reason }, `Task ${typed} is waived.`);
      }
    }
  });
}

/** The checklists, with a button for each box that is still open. */
async function tasksMessage(context: AppContext, number: number): Promise<Reply> {
  const { incident } = await load(context, number);
  if (!incident) return 'There is no such incident.';
  const all = tasksOf(incident, context.now(), context.policy);
  const name = incidentName(number);
  const lists = [...new Set(all.map(({ list }) => list))].map((list) => section(list, all));
  const open = all.filter(({ status }) => status === 'open');
  return {
    text: `${name}: ${open.length} of ${all.length} tasks are open.\n${all.map(line).join('\n')}`.slice(0, 3_900),
    blocks: [
      textBlock(`*${name}*: ${open.length} of ${all.length} tasks are open.`),
      ...lists,
      ...taskButtons(name, open.slice(0, 25)),
      textBlock(escapeMrkdwn(USAGE)),
    ],
  } satisfies SlackMessage;
}

function section(list: Task['list'], all: readonly Task[]): Block {
  const lines = all.filter((task) => task.list === list).map(line);
  return textBlock([`*${list}*`, ...lines].join('\n'));
}

function textBlock(text: string): Block {
  return { type: 'section', text: { type: 'mrkdwn', text: text.slice(0, 3_000) } };
}

function line({ number, text, status, detail }: Task): string {
  const box = { open: '☐', done: '☑ done:', waived: '☒ waived:' }[status];
  return escapeMrkdwn(`${box} ${number}. ${text}${detail === '' ? '' : ` (${detail})`}`);
}
