import { tasksOfEscalation } from '#domain/incident/checklist.ts';
import { type Answer, MESSAGES, type OutboxMessage, type Payload } from '#domain/incident/outbox/message.ts';
import { countTroubled } from '#domain/incident/outbox/outcome.ts';
import { remedyOf } from '#domain/incident/remedy-runs.ts';
import { type Incident, incidentName, outboxMessage, rootMessage } from '#domain/incident/state.ts';
import { asDrill, incidentButtons, type SlackMessage, singleButton, slackMessage, taskButtons } from '#domain/messages/blocks.ts';
import { chartText } from '#domain/messages/chart.ts';
import { checkMessage, progressMessage } from '#domain/messages/check-message.ts';
import { remedyMessage } from '#domain/messages/remedy-message.ts';
import { incidentView, latenessOf } from '#domain/messages/view.ts';
import { ServiceFailure } from '#services/failure.ts';
import { isGone } from '#services/slack/failures.ts';
import type { Posted } from '#services/slack/history.ts';
import { keepSent } from '#store/sent-messages.ts';
import type { AppContext } from '#workflows/context.ts';
import type { Attempt } from './attempt.ts';
import { chartImage, chartName } from './chart-image.ts';

/** Posts what a Slack call is about. After an unclear outcome the message is looked for first, and adopted when it is there. */
export async function deliverToSlack(context: AppContext, attempt: Attempt): Promise<Answer> {
  const { incident, outgoing } = attempt;
  if (outgoing.payload.kind === 'share-report') return shareReport(context, attempt, outgoing.payload.file);
  if (outgoing.payload.kind === 'share-chart') return shareChart(context, attempt, outgoing.payload);
  if (outgoing.payload.kind === 'check-conclusion') return conclude(context, attempt, 'check', outgoing.payload.request);
  if (outgoing.payload.kind === 'remedy-conclusion') return conclude(context, attempt, 'remedy', outgoing.payload.request);
  const message = marked(incident, messageFor(context, incident, outgoing));
  const root = rootMessage(incident);
  if (outgoing.payload.kind === 'initial-post') return postRoot(context, attempt, message);
  if (root === null) throw new ServiceFailure('slack', 'unavailable', 'the root message is not posted yet');
  const { inThread, broadcast } = placeOf(context, outgoing);
  const key = messageKey(context, incident, outgoing);
  const threadTs = inThread ? root.ts : undefined;
  const adopted = attempt.mustLook ? await context.slack.find(root.channel, key, outgoing.dueAt, threadTs) : null;
  if (adopted) return { ...adopted, message: ADOPTED };
  const contentSha256 = await keep(context, attempt, message);
  const posted = await context.slack.post(root.channel, message, { key, broadcast, ...(threadTs ? { threadTs } : {}) });
  return { ...posted, contentSha256, message: `posted as ${posted.ts}` };
}

const ADOPTED = 'found posted after an unclear attempt';

/** What goes out is kept before it does. */
function keep(context: AppContext, { incident, outgoing, number }: Attempt, message: SlackMessage): Promise<string> {
  const content = JSON.stringify(message);
  return keepSent(context.database, { incident: incident.number, message: outgoing.key, attempt: number, at: context.now(), content });
}

async function postRoot(context: AppContext, attempt: Attempt, message: SlackMessage): Promise<Answer> {
  const { incident, outgoing, mustLook } = attempt;
  const key = messageKey(context, incident, outgoing);
  const adopted = mustLook ? await context.slack.find(await context.slack.channelId(), key, outgoing.dueAt) : null;
  const contentSha256 = adopted ? undefined : await keep(context, attempt, message);
  const posted = adopted ?? (await context.slack.post(await context.slack.channelId(), message, { key }));
  // The link is worth having, but its failure must not make the post look failed.
  const permalink = await context.slack.permalink(posted).catch(() => '');
  return { ...posted, permalink, ...(contentSha256 ? { contentSha256 } : {}), message: adopted ? ADOPTED : `posted as ${posted.ts}` };
}

async function shareReport(context: AppContext, { incident, mustLook }: Attempt, file: string): Promise<Answer> {
  const root = rootMessage(incident);
  if (root === null) throw new ServiceFailure('slack', 'unavailable', 'the root message is not posted yet');
  const adopted = mustLook ? await context.slack.findFile(root.channel, root.ts, file) : null;
  if (adopted !== null) return { permalink: adopted, file, message: 'found shared after an unclear attempt' };
  const content = await context.reports.read(file);
  const what = file.includes('post-mortem') ? 'Post-mortem document' : 'Gap report';
  const comment = `${incident.isDrill ? 'DRILL: ' : ''}${what} of ${incidentName(incident.number)}`;
  const permalink = await context.slack.shareFile(root.channel, root.ts, { name: file, title: file, content, comment });
  return { permalink, file, message: `shared ${file}` };
}

/** Brings a message that showed the progress of a check or a remedy to its final state. Doing it twice does no harm. */
async function conclude(context: AppContext, { incident }: Attempt, what: 'check' | 'remedy', request: string): Promise<Answer> {
  const posted = postedOf(incident, `slack/${what}/${request}`);
  if (posted === null) throw new ServiceFailure('slack', 'unavailable', `the message of the ${what} is not posted yet`);
  const messageOf = what === 'check' ? checkMessageOf : remedyMessageOf;
  try {
    await context.slack.update(posted, messageOf(context, incident, request));
  } catch (error) {
    if (!(error instanceof ServiceFailure && isGone(error))) throw error;
    return { message: `${posted.ts} was deleted from Slack; there is nothing to update` };
  }
  return { message: `updated ${posted.ts}` };
}

async function shareChart(
  context: AppContext,
  { incident, mustLook }: Attempt,
  { check, request }: { readonly check: string; readonly request: string },
) {
  const root = rootMessage(incident);
  const chart = incident.checks.find((answered) => answered.request === request)?.verdict.chart;
  if (root === null || !chart) throw new ServiceFailure('slack', 'unavailable', 'the root message is not posted yet');
  const name = `${incidentName(incident.number)}-${chartName(check, request)}`;
  const adopted = mustLook ? await context.slack.findFile(root.channel, root.ts, name) : null;
  if (adopted !== null) return { permalink: adopted, file: name, message: 'found shared after an unclear attempt' };
  const file = { name, title: chartText(chart), content: await chartImage(chart), comment: '', text: chartText(chart) };
  return { permalink: await context.slack.shareFile(root.channel, root.ts, file), file: name, message: `shared ${name}` };
}

/** A check's message: its answer when there is one, else how far it is. */
export function checkMessageOf(context: AppContext, incident: Incident, request: string): SlackMessage {
  return marked(incident, unmarkedCheckMessage(context, incident, request));
}

function unmarkedCheckMessage(context: AppContext, incident: Incident, request: string): SlackMessage {
  const answered = incident.checks.find((each) => each.request === request);
  if (answered) {
    const live = answered.liveUntil && { readAt: answered.at, until: answered.liveUntil };
    return checkMessage(context.templates, context.policy, { ...answered, live });
  }
  const running = incident.running.find((each) => each.request === request);
  if (!running) throw new TypeError(`no check was asked for as ${request}`);
  return progressMessage(context.templates, running, request);
}

/** A remedy's message, as it stands now. */
export function remedyMessageOf(context: AppContext, incident: Incident, request: string): SlackMessage {
  return marked(incident, unmarkedRemedyMessage(context, incident, request));
}

function unmarkedRemedyMessage(context: AppContext, incident: Incident, request: string): SlackMessage {
  const run = remedyOf(incident.remedies, request);
  if (!run) throw new TypeError(`no remedy was asked for as ${request}`);
  return remedyMessage(context.templates, context.policy, incident.number, run);
}

/** Where a message of ours stands, once it was posted. */
export function postedOf(incident: Incident, key: string): Posted | null {
  const status = outboxMessage(incident, key)?.status;
  if (status?.name !== 'succeeded' || status.answer.channel === undefined || status.answer.ts === undefined) return null;
  return { channel: status.answer.channel, ts: status.answer.ts };
}

/** The key under which a message is found again: unique among all incidents, of other installations in this channel too. */
function messageKey({ installation }: AppContext, incident: Incident, outgoing: OutboxMessage): string {
  return `${installation}/${incidentName(incident.number)}/${outgoing.key}`;
}

/** Where Slack shows a message, by its row in the table of messages. */
function placeOf(context: AppContext, { payload }: OutboxMessage): { readonly inThread: boolean; readonly broadcast: boolean } {
  const { placement } = MESSAGES[payload.kind];
  switch (placement) {
    case 'as-updates':
      return { inThread: context.policy.updates.delivery !== 'channel', broadcast: context.policy.updates.delivery === 'broadcast' };
    case 'as-message':
      return { inThread: true, broadcast: payload.kind === 'announcement' && payload.broadcast };
    case 'broadcast':
      return { inThread: true, broadcast: true };
    case 'channel':
      return { inThread: false, broadcast: false };
    case 'thread':
    case null:
      return { inThread: true, broadcast: false };
    default:
      return placement satisfies never;
  }
}

type AnnouncementPayload = Extract<Payload, { kind: 'announcement' }>;

/** The message of a Slack call, rendered from what is known now. */
function messageFor(context: AppContext, incident: Incident, { payload, dueAt, status }: OutboxMessage): SlackMessage {
  const now = context.now();
  const view = { ...incidentView(incident, now, context.policy), late: latenessOf({ dueAt, status }, now) };
  const render = (name: string, more: Readonly<Record<string, unknown>> = {}) =>
    slackMessage(context.templates.render(name, { incident: view, ...more }));
  switch (payload.kind) {
    case 'initial-post':
      return rootMessageOf(context, incident, view);
    case 'update':
      return render('slack/update.liquid', { missed: missedView(payload.missed, payload.whyMissed) });
    case 'resolution-post':
      return render('slack/resolution.liquid');
    case 'announcement':
      return slackMessage(
        context.templates.render(`slack/thread/${payload.name}.liquid`, { incident: view, details: detailsOf(incident, payload) }),
        buttonsBeside(context, incident, payload),
      );
    case 'check-answer':
      return unmarkedCheckMessage(context, incident, payload.request);
    case 'remedy-message':
      return unmarkedRemedyMessage(context, incident, payload.request);
    default:
      throw new TypeError(`${payload.kind} is no message`);
  }
}

/** What an announcement says; one about calls that fail counts them as they are now. */
function detailsOf(incident: Incident, { name, details }: AnnouncementPayload): Readonly<Record<string, string>> {
  if (name !== 'call-abandoned') return details;
  return { ...details, count: String(countTroubled(incident, details.what ?? '', details.state ?? '')) };
}

/** The messages about calls that fail and whose number has changed since they were posted. */
export function troubleMessages(
  context: AppContext,
  incident: Incident,
): readonly { readonly posted: Posted; readonly message: SlackMessage }[] {
  return incident.outbox.flatMap((outgoing) => {
    const { payload, key } = outgoing;
    if (payload.kind !== 'announcement' || payload.name !== 'call-abandoned') return [];
    const posted = postedOf(incident, key);
    const isCounting = countTroubled(incident, payload.details.what ?? '', payload.details.state ?? '') !== 1;
    return posted && isCounting ? [{ posted, message: marked(incident, messageFor(context, incident, outgoing)) }] : [];
  });
}

function missedView(missed: readonly Date[], why: string | null) {
  return { count: missed.length, first: missed[0] ?? '', last: missed.at(-1) ?? '', why: why ?? '' };
}

/** The buttons under an announcement: what the reader is likely to do about it. */
function buttonsBeside(context: AppContext, incident: Incident, { name, details }: AnnouncementPayload) {
  const own = incidentName(incident.number);
  switch (name) {
    case 'nudge':
      return singleButton('update', 'Update', own);
    case 'escalation':
      return taskButtons(own, tasksOfEscalation(incident, details.escalation ?? '', context.now(), context.policy));
    case 'follow-up':
      return singleButton('tasks', 'Tasks', own);
    case 'claim-overdue':
      return singleButton('claim', "I'm on it", own);
    default:
      return [];
  }
}

/** A message of a drill says so. */
export function marked(incident: Incident, message: SlackMessage): SlackMessage {
  return incident.isDrill ? asDrill(message) : message;
}

const ROOT_REPLACED =
  '⚠️ The former message of this incident was deleted from Slack; it goes on here. What was said before is on the timeline.';

/** The root message as it is now, with its buttons. */
export function currentRootMessage(context: AppContext, incident: Incident, view: Readonly<Record<string, unknown>>): SlackMessage {
  return marked(incident, rootMessageOf(context, incident, view));
}

function rootMessageOf(context: AppContext, incident: Incident, view: Readonly<Record<string, unknown>>): SlackMessage {
  const phase = incident.phase.name === 'open' ? 'open' : incident.followUp.closed ? 'closed' : 'resolved';
  const buttons = incidentButtons(incidentName(incident.number), phase);
  const text = context.templates.render('slack/initial.liquid', { incident: view });
  return slackMessage(incident.lostRoots.length === 0 ? text : `${text.trimEnd()}\n${ROOT_REPLACED}`, buttons);
}
