import type { App, BlockAction } from '@slack/bolt';
import pTimeout from 'p-timeout';
import type { FormView } from '#bot/views/field.ts';
import { type FormAnswer, submitForm } from '#bot/views/submit.ts';
import { redactLine } from '#domain/base/text/foreign.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import type { Person } from '#domain/incident/actor.ts';
import { permissionOf } from '#domain/incident/command.ts';
import type { Permission } from '#domain/incident/permission.ts';
import type { AppContext } from '#workflows/context.ts';
import type { Requester } from '#workflows/execute.ts';
import { press } from './actions.ts';
import { channelLabel } from './channel.ts';
import { keepPinned, keepThreadMessage } from './channel-events.ts';
import { auditCommand } from './commands/audit.ts';
import { incidentCommand } from './commands/incident.ts';
import { remedyCommand } from './commands/remedy.ts';
import { homeView } from './home.ts';
import { identify, refuseUnlessPermitted } from './identity.ts';
import { DELIVERED_TWICE, isNewRequest } from './once.ts';
import { type Asker, type Ephemeral, ephemeral, type Reply } from './reply.ts';
import { readableText } from './slack-text.ts';
import { straightened } from './typed.ts';

/** Slack waits 3 seconds for an acknowledgement; an answer that takes longer follows by itself. */
const ANSWER_WITHIN_MILLISECONDS = 2_000;

type Handler = (context: AppContext, text: string, asker: Asker) => Promise<Reply>;
type Say = (message: Ephemeral) => Promise<unknown>;
type ViewOpener = { readonly views: { readonly open: (args: { trigger_id: string; view: FormView }) => Promise<unknown> } };

/** Puts Gapwatch's commands, buttons, forms and events into a Bolt app. */
export function listenToPeople(app: App, context: AppContext): void {
  listenToCommands(app, context);
  listenToButtons(app, context);
  listenToForms(app, context);
  app.event('app_home_opened', async ({ event, client }) => {
    await client.views.publish({ user_id: event.user, view: await homeView(context, event.user) });
  });
  app.event('message', async ({ event }) => keepThreadMessage(context, event));
  app.event('reaction_added', async ({ event }) => keepPinned(context, event));
}

function listenToCommands(app: App, context: AppContext): void {
  const handlers: Readonly<Record<string, Handler>> = { '/audit': auditCommand, '/incident': incidentCommand, '/remedy': remedyCommand };
  for (const [name, handler] of Object.entries(handlers)) {
    app.command(name, async ({ command, ack, respond, client }) => {
      const person = personOf(command.user_id, command.user_name);
      const wire = command.text ?? '';
      await reply(context, ack, respond, async () => {
        const elsewhere = await whereToGo(context, command.channel_id, command.channel_name);
        const text = straightened(await readableText(context, wire));
        // A denied command is kept on record: without identities, as everything there.
        const typed = redactLine(`${name} ${text}`, 100);
        if (elsewhere !== null) return elsewhere;
        if (!(await isNewRequest(context, command.trigger_id))) return DELIVERED_TWICE;
        const asker = { ...(await askerOf(context, person, client, command.trigger_id)), mentions: mentionsOf(wire) };
        return (await refuseUnlessPermitted(context, asker, 'member', typed)) ?? handler(context, text, asker);
      });
    });
  }
}

function listenToButtons(app: App, context: AppContext): void {
  app.action<BlockAction>({ type: 'block_actions', action_id: /^gapwatch:/ }, async ({ body, action, ack, respond, client }) => {
    await ack();
    const person = personOf(body.user.id, body.user.name ?? body.user.id);
    const value = 'value' in action && typeof action.value === 'string' ? action.value : '';
    const answer = await answerOf(context, async () => {
      if (!(await isNewRequest(context, body.trigger_id))) return '';
      const asker = await askerOf(context, person, client, body.trigger_id);
      const denied = await refuseUnlessPermitted(context, asker, 'member', `the button ${foreignLine(action.action_id, 60)}`);
      return denied ?? press(context, action.action_id, value, asker);
    });
    // A button of the Home tab has no place for an answer.
    if (answer === '' || body.response_url === undefined) return;
    await respond({ ...ephemeral(answer), replace_original: false }).catch((error: unknown) =>
      context.log.warn({ err: error }, 'an answer to a button did not arrive'),
    );
  });
}

function listenToForms(app: App, context: AppContext): void {
  app.view({ type: 'view_submission', callback_id: /^gapwatch:form:/ }, async ({ ack, body, view }) => {
    const person = personOf(body.user.id, body.user.name);
    const answer = await formAnswer(context, view, person, 'trigger_id' in body ? body.trigger_id : undefined);
    switch (answer.kind) {
      case 'done':
        return ack();
      case 'wrong':
        return ack({ response_action: 'errors', errors: { ...answer.errors } });
      case 'again':
        return ack({ response_action: 'update', view: answer.view });
      default:
        return answer satisfies never;
    }
  });
}

/** Forms that need more than a member of the channel. */
const FORM_PERMISSIONS: Readonly<Partial<Record<string, Permission>>> = {
  'gapwatch:form:gap': permissionOf('move-gap'),
  'gapwatch:form:resolve': permissionOf('resolve'),
};

type View = {
  readonly callback_id: string;
  readonly state: { readonly values: Readonly<Record<string, unknown>> };
};

/** What was typed stays, whatever goes wrong: the sentence appears beside the first field. */
async function formAnswer(context: AppContext, view: View, person: Person, triggerId: string | undefined): Promise<FormAnswer> {
  const [first = 'value'] = Object.keys(view.state.values);
  const beside = (sentence: string): FormAnswer => ({ kind: 'wrong', errors: { [first]: sentence } });
  try {
    if (!(await isNewRequest(context, triggerId))) return { kind: 'done' };
    const requester: Requester = { person, identity: await identify(context, person) };
    const permission = FORM_PERMISSIONS[view.callback_id] ?? 'member';
    const denied = await refuseUnlessPermitted(context, requester, permission, `the form ${view.callback_id}`);
    if (denied !== null)
      return beside(typeof denied === 'string' ? denied : 'Only those named under approvals.approvers in runbook.yaml may do that.');
    return await submitForm(context, view, requester);
  } catch (error) {
    context.log.error({ err: error }, 'a form failed');
    return beside('That did not work: Gapwatch could not reach its own store. What you typed is still here: try again in a moment.');
  }
}

async function askerOf(context: AppContext, person: Person, { views }: ViewOpener, triggerId: string): Promise<Asker> {
  return {
    person,
    identity: await identify(context, person),
    openView: async (view: FormView) => {
      await views.open({ trigger_id: triggerId, view });
    },
  };
}

/** Answers with the acknowledgement itself when the work is done in time: what the person then reads has been kept. */
async function reply(
  context: AppContext,
  ack: (message?: Ephemeral) => Promise<unknown>,
  respond: Say,
  work: () => Promise<Reply>,
): Promise<void> {
  const answering = answerOf(context, work);
  const answer = await pTimeout(answering, { milliseconds: ANSWER_WITHIN_MILLISECONDS, fallback: () => null });
  if (answer === '') return void (await ack());
  await ack(ephemeral(answer ?? 'On it. The answer follows here.'));
  if (answer !== null) return;
  const later = await answering;
  if (later !== '') await respond(ephemeral(later));
}

async function answerOf(context: AppContext, work: () => Promise<Reply>): Promise<Reply> {
  try {
    return await work();
  } catch (error) {
    context.log.error({ err: error }, 'a command failed');
    return 'That did not work: Gapwatch could not reach its own store or hit an error of its own (its log says which). See with `/incident timeline` whether it was recorded before you try again, and do what is urgent by hand.';
  }
}

function mentionsOf(wire: string): readonly string[] {
  return Array.from(wire.matchAll(/<@([UW][A-Z0-9]+)/g), ([, id = '']) => id);
}

function personOf(slackId: string, name: string): Person {
  return { kind: 'person', slackId, name: foreignLine(name, 80) };
}

/** Commands belong to the incident channel; elsewhere they answer where to go. */
async function whereToGo(context: AppContext, channelId: string, channelName: string): Promise<string | null> {
  const configured = context.channel.replace(/^#/, '');
  if (channelId === configured || channelName === configured) return null;
  // A private channel's name does not come with the command, so its ID decides.
  const known = await pTimeout(
    context.slack.channelId().catch(() => ''),
    { milliseconds: 1_000, fallback: () => null },
  );
  return known === channelId
    ? null
    : `Gapwatch works in ${channelLabel(context)}: type the command there, so that everybody sees what is done.`;
}
