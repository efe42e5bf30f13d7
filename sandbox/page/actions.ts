import { z } from 'zod';
import { BREAKAGES } from '#sandbox/clinic/breakages.ts';
import type { Sandbox } from '#sandbox/sandbox.ts';
import type { SlackUser } from '#sandbox/stand-ins/slack/state.ts';
import { ACTORS } from './actors.ts';
import type { Session } from './session.ts';
import type { ActionAnswer } from './state.ts';

const person = z.enum(ACTORS.map(({ id }) => id));
const SPEEDS = [1, 10, 60] as const;

/** What the page can ask for: what people do in Slack and PagerDuty, what happens to the clinic, how fast time runs. */
const actionSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('say'), person, text: z.string().min(1).max(3_000), threadKey: z.string().nullable() }),
  z.strictObject({ action: z.literal('press'), person, key: z.string(), actionId: z.string() }),
  z.strictObject({ action: z.literal('pin'), person, key: z.string() }),
  z.strictObject({ action: z.literal('submit'), person, values: z.record(z.string(), z.string()) }),
  z.strictObject({ action: z.literal('close-form'), person }),
  z.strictObject({ action: z.literal('home'), person }),
  z.strictObject({ action: z.literal('pagerduty'), person, incident: z.string(), event: z.enum(['acknowledged', 'resolved']) }),
  z.strictObject({ action: z.literal('break'), name: z.enum(BREAKAGES.map(({ name }) => name)) }),
  z.strictObject({ action: z.literal('repair') }),
  z.strictObject({ action: z.literal('crash') }),
  z.strictObject({ action: z.literal('speed'), speed: z.literal(SPEEDS) }),
]);
export type Action = z.infer<typeof actionSchema>;

const DONE: ActionAnswer = { refused: null };

/** Does what the page asks for. What is no action, or can't be done now, is answered with the reason. */
export async function carryOut(sandbox: Sandbox, session: Session, asked: unknown): Promise<ActionAnswer> {
  const parsed = actionSchema.safeParse(asked);
  if (!parsed.success) return { refused: z.prettifyError(parsed.error) };
  const { slack, botUrl, pagerduty, breakages } = sandbox;
  const action = parsed.data;
  switch (action.action) {
    case 'say':
      return says(sandbox, session, action);
    case 'press': {
      const message = session.messageOf(action.key);
      if (!message) return { refused: 'That message is gone.' };
      await slack.presses(botUrl, message, action.actionId, actor(action.person)).catch(unanswered(session, action.person));
      return DONE;
    }
    case 'pin': {
      const message = slack.messages.find(({ ts }) => ts === action.key);
      if (!message) return { refused: 'Only a message that everybody sees can be pinned.' };
      await slack.reacts(botUrl, message, 'pushpin', actor(action.person)).catch(unanswered(session, action.person));
      return DONE;
    }
    case 'submit':
      return submits(sandbox, session, action);
    case 'close-form':
      session.forms.delete(action.person);
      return DONE;
    case 'home':
      await slack.opensHome(botUrl, actor(action.person)).catch(unanswered(session, action.person));
      return DONE;
    case 'pagerduty':
      return changesAlert(pagerduty, action);
    case 'break':
      return { refused: await breakages.breaks(action.name) };
    case 'repair':
      return { refused: await breakages.repairs() };
    case 'crash':
      await sandbox.crashesBot();
      return DONE;
    case 'speed':
      await sandbox.runsAt(action.speed);
      return DONE;
    default:
      return action satisfies never;
  }
}

type Of<Name extends Action['action']> = Extract<Action, { action: Name }>;

/** Slack's own answers to commands that it does not pass on. */
async function says({ slack, botUrl }: Sandbox, session: Session, { person: id, text, threadKey }: Of<'say'>): Promise<ActionAnswer> {
  const name = /^\/\S+/.exec(text)?.[0];
  if (name === undefined) {
    await slack.says(botUrl, text, threadKey, actor(id)).catch(unanswered(session, id));
    return DONE;
  }
  if (!session.conversation().commands.some(({ command }) => command === name)) {
    return { refused: `${name} is not a valid command. In Slack, all messages that start with "/" are commands.` };
  }
  if (threadKey !== null) return { refused: `${name} is not supported in threads. Type it in the channel.` };
  await slack.types(botUrl, text, actor(id)).catch(() => {
    session.whispers(id, { text: `${name} failed with the error "dispatch_failed"`, blocks: [] });
  });
  return DONE;
}

async function submits({ slack, botUrl }: Sandbox, { forms }: Session, { person: id, values }: Of<'submit'>): Promise<ActionAnswer> {
  const form = forms.get(id);
  if (!form) return { refused: 'No form is open.' };
  try {
    const submitted = await slack.submit(botUrl, form.view, values, actor(id));
    if (submitted.kind === 'closed') forms.delete(id);
    else if (submitted.kind === 'errors') forms.set(id, { ...form, errors: submitted.errors });
    else forms.set(id, { view: submitted.view, errors: {} });
    return DONE;
  } catch (error) {
    return { refused: `We had some trouble connecting. Try again? (${error instanceof Error ? error.message : String(error)})` };
  }
}

async function changesAlert(
  pagerduty: Sandbox['pagerduty'],
  { incident: id, event, person: userId }: Of<'pagerduty'>,
): Promise<ActionAnswer> {
  const incident = pagerduty.incidents.get(id);
  if (!incident) return { refused: 'PagerDuty knows no such incident.' };
  if (incident.status === 'resolved') return { refused: 'PagerDuty: the incident is resolved already.' };
  const user = pagerduty.users.find(({ email }) => email === actor(userId).email);
  if (!user) return { refused: `${actor(userId).name} is no user of PagerDuty.` };
  // The webhook is delivered in PagerDuty's own time.
  void pagerduty.does(incident, event, user);
  return DONE;
}

function actor(id: string): SlackUser {
  return ACTORS.find((each) => each.id === id) ?? ACTORS[0];
}

/** What Slack shows when an app does not answer in time. */
function unanswered(session: Session, userId: string): () => void {
  return () => session.whispers(userId, { text: 'Gapwatch did not answer. Try again in a moment.', blocks: [] });
}
