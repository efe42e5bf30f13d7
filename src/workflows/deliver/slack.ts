import type { Answer, Call, Deed } from '#domain/incident/call.ts';
import { remedyOf } from '#domain/incident/remedy-runs.ts';
import { callNamed, type Incident, incidentName, rootMessage } from '#domain/incident/state.ts';
import { tasksOfEscalation } from '#domain/incident/tasks.ts';
import { asDrill, incidentButtons, type SlackMessage, singleButton, slackMessage, taskButtons } from '#domain/messages/blocks.ts';
import { chartWords } from '#domain/messages/chart.ts';
import { checkMessage, progressMessage } from '#domain/messages/check-message.ts';
import { remedyMessage } from '#domain/messages/remedy-message.ts';
import { incidentView, latenessOf } from '#domain/messages/view.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { Posted } from '#services/slack.ts';
import { keepSent } from '#store/sent-messages.ts';
import type { House } from '#workflows/context.ts';
import type { Attempt } from './attempt.ts';
import { chartImage, chartName } from './chart-image.ts';

/** Posts what a Slack call is about. After an unclear outcome the message is looked for first, and adopted when it is there. */
export async function doInSlack(house: House, attempt: Attempt): Promise<Answer> {
  const { incident, call } = attempt;
  if (call.deed.kind === 'share-report') return shareReport(house, attempt, call.deed.file);
  if (call.deed.kind === 'share-chart') return shareChart(house, attempt, call.deed);
  if (call.deed.kind === 'check-conclusion') return conclude(house, attempt, 'check', call.deed.request);
  if (call.deed.kind === 'remedy-conclusion') return conclude(house, attempt, 'remedy', call.deed.request);
  const message = marked(incident, messageFor(house, incident, call));
  const root = rootMessage(incident);
  if (call.deed.kind === 'initial-post') return postRoot(house, attempt, message);
  if (root === null) throw new ServiceFailure('slack', 'unavailable', 'the root message is not posted yet');
  const { inThread, broadcast } = placeOf(house, call);
  const key = messageKey(incident, call);
  const threadTs = inThread ? root.ts : undefined;
  const adopted = attempt.mustLook ? await house.slack.find(root.channel, key, call.dueAt, threadTs) : null;
  if (adopted) return { ...adopted, says: ADOPTED };
  const contentSha256 = await keep(house, attempt, message);
  const posted = await house.slack.post(root.channel, message, { key, broadcast, ...(threadTs ? { threadTs } : {}) });
  return { ...posted, contentSha256, says: `posted as ${posted.ts}` };
}

const ADOPTED = 'found posted after an unclear attempt';

/** What goes out is kept before it does. */
function keep(house: House, { incident, call, number }: Attempt, message: SlackMessage): Promise<string> {
  const content = JSON.stringify(message);
  return keepSent(house.database, { incident: incident.number, call: call.key, attempt: number, at: house.now(), content });
}

async function postRoot(house: House, attempt: Attempt, message: SlackMessage): Promise<Answer> {
  const { incident, call, mustLook } = attempt;
  const key = messageKey(incident, call);
  const adopted = mustLook ? await house.slack.find(await house.slack.channelId(), key, call.dueAt) : null;
  const contentSha256 = adopted ? undefined : await keep(house, attempt, message);
  const posted = adopted ?? (await house.slack.post(house.channel, message, { key }));
  // The link is worth having, but its failure must not make the post look failed.
  const permalink = await house.slack.permalink(posted).catch(() => '');
  return { ...posted, permalink, ...(contentSha256 ? { contentSha256 } : {}), says: adopted ? ADOPTED : `posted as ${posted.ts}` };
}

async function shareReport(house: House, { incident, mustLook }: Attempt, file: string): Promise<Answer> {
  const root = rootMessage(incident);
  if (root === null) throw new ServiceFailure('slack', 'unavailable', 'the root message is not posted yet');
  const adopted = mustLook ? await house.slack.findFile(root.channel, root.ts, file) : null;
  if (adopted !== null) return { permalink: adopted, file, says: 'found shared after an unclear attempt' };
  const content = await house.reports.read(file);
  const what = file.includes('post-mortem') ? 'Post-mortem document' : 'Gap report';
  const comment = `${incident.isDrill ? 'DRILL: ' : ''}${what} of ${incidentName(incident.number)}`;
  const permalink = await house.slack.shareFile(root.channel, root.ts, { name: file, title: file, content, comment });
  return { permalink, file, says: `shared ${file}` };
}

/** Brings a message that showed the progress of a check or a remedy to its final state. Doing it twice does no harm. */
async function conclude(house: House, { incident }: Attempt, what: 'check' | 'remedy', request: string): Promise<Answer> {
  const posted = postedOf(incident, `slack/${what}/${request}`);
  if (posted === null) throw new ServiceFailure('slack', 'unavailable', `the message of the ${what} is not posted yet`);
  const messageOf = what === 'check' ? checkMessageOf : remedyMessageOf;
  await house.slack.update(posted, messageOf(house, incident, request));
  return { says: `updated ${posted.ts}` };
}

async function shareChart(
  house: House,
  { incident, mustLook }: Attempt,
  { check, request }: { readonly check: string; readonly request: string },
) {
  const root = rootMessage(incident);
  const chart = incident.checks.find((answered) => answered.request === request)?.verdict.chart;
  if (root === null || !chart) throw new ServiceFailure('slack', 'unavailable', 'the root message is not posted yet');
  const name = `${incidentName(incident.number)}-${chartName(check, request)}`;
  const adopted = mustLook ? await house.slack.findFile(root.channel, root.ts, name) : null;
  if (adopted !== null) return { permalink: adopted, file: name, says: 'found shared after an unclear attempt' };
  const file = { name, title: chartWords(chart), content: await chartImage(chart), comment: '', words: chartWords(chart) };
  return { permalink: await house.slack.shareFile(root.channel, root.ts, file), file: name, says: `shared ${name}` };
}

/** A check's message: its answer when there is one, else how far it is. */
export function checkMessageOf(house: House, incident: Incident, request: string): SlackMessage {
  return marked(incident, unmarkedCheckMessage(house, incident, request));
}

function unmarkedCheckMessage(house: House, incident: Incident, request: string): SlackMessage {
  const answered = incident.checks.find((each) => each.request === request);
  if (answered) {
    const live = answered.liveUntil && { readAt: answered.at, until: answered.liveUntil };
    return checkMessage(house.templates, house.policy, { ...answered, live });
  }
  const running = incident.running.find((each) => each.request === request);
  if (!running) throw new TypeError(`no check was asked for as ${request}`);
  return progressMessage(house.templates, running, request);
}

/** A remedy's message, as it stands now. */
export function remedyMessageOf(house: House, incident: Incident, request: string): SlackMessage {
  return marked(incident, unmarkedRemedyMessage(house, incident, request));
}

function unmarkedRemedyMessage(house: House, incident: Incident, request: string): SlackMessage {
  const run = remedyOf(incident.remedies, request);
  if (!run) throw new TypeError(`no remedy was asked for as ${request}`);
  return remedyMessage(house.templates, house.policy, incident.number, run);
}

/** Where a message of ours stands, once it was posted. */
export function postedOf(incident: Incident, key: string): Posted | null {
  const status = callNamed(incident, key)?.status;
  if (status?.name !== 'succeeded' || status.answer.channel === undefined || status.answer.ts === undefined) return null;
  return { channel: status.answer.channel, ts: status.answer.ts };
}

/** The key under which a message is found again: unique among all incidents. */
function messageKey(incident: Incident, call: Call): string {
  return `${incidentName(incident.number)}/${call.key}`;
}

function placeOf(house: House, { deed }: Call): { readonly inThread: boolean; readonly broadcast: boolean } {
  switch (deed.kind) {
    case 'update':
      return { inThread: house.policy.updates.delivery !== 'channel', broadcast: house.policy.updates.delivery === 'broadcast' };
    case 'resolution-post':
    case 'check-answer':
    case 'remedy-message':
      return { inThread: true, broadcast: true };
    case 'announcement':
      return { inThread: true, broadcast: deed.broadcast };
    default:
      return { inThread: true, broadcast: false };
  }
}

type AnnouncementDeed = Extract<Deed, { kind: 'announcement' }>;

/** The message of a Slack call, rendered from what is known now. */
function messageFor(house: House, incident: Incident, { deed, dueAt, status }: Call): SlackMessage {
  const now = house.now();
  const view = { ...incidentView(incident, now, house.policy), late: latenessOf({ dueAt, status }, now) };
  const render = (name: string, more: Readonly<Record<string, unknown>> = {}) =>
    slackMessage(house.templates.render(name, { incident: view, ...more }));
  switch (deed.kind) {
    case 'initial-post':
      return rootMessageOf(house, incident, view);
    case 'update':
      return render('slack/update.liquid', { missed: missedView(deed.missed, deed.whyMissed) });
    case 'resolution-post':
      return render('slack/resolution.liquid');
    case 'announcement':
      return slackMessage(
        house.templates.render(`slack/thread/${deed.name}.liquid`, { incident: view, details: deed.details }),
        buttonsBeside(house, incident, deed),
      );
    case 'check-answer':
      return unmarkedCheckMessage(house, incident, deed.request);
    case 'remedy-message':
      return unmarkedRemedyMessage(house, incident, deed.request);
    default:
      throw new TypeError(`${deed.kind} is no message`);
  }
}

function missedView(missed: readonly Date[], why: string | null) {
  return { count: missed.length, first: missed[0] ?? '', last: missed.at(-1) ?? '', why: why ?? '' };
}

/** The buttons under an announcement: what the reader is likely to do about it. */
function buttonsBeside(house: House, incident: Incident, { name, details }: AnnouncementDeed) {
  const own = incidentName(incident.number);
  switch (name) {
    case 'nudge':
      return singleButton('update', 'Update', own);
    case 'escalation':
      return taskButtons(own, tasksOfEscalation(incident, details.escalation ?? '', house.now(), house.policy));
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

/** The root message as it is now, with its buttons. */
export function currentRootMessage(house: House, incident: Incident, view: Readonly<Record<string, unknown>>): SlackMessage {
  return marked(incident, rootMessageOf(house, incident, view));
}

function rootMessageOf(house: House, incident: Incident, view: Readonly<Record<string, unknown>>): SlackMessage {
  const phase = incident.phase.name === 'open' ? 'open' : incident.followUp.closed ? 'closed' : 'resolved';
  const buttons = incidentButtons(incidentName(incident.number), phase);
  return slackMessage(house.templates.render('slack/initial.liquid', { incident: view }), buttons);
}
