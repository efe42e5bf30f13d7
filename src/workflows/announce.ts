import type { Answer, Call } from '#domain/incident/call.ts';
import { callNamed, type Incident, incidentName, rootMessage } from '#domain/incident/state.ts';
import { incidentButtons, type SlackMessage, slackMessage } from '#domain/messages/blocks.ts';
import { incidentView, latenessOf } from '#domain/messages/view.ts';
import { plus } from '#domain/time.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { Posted } from '#services/slack.ts';
import type { Attempt } from './attempt.ts';
import { load } from './handle.ts';
import type { House } from './house.ts';

/** Posts what a Slack call is about. After an unclear outcome the message is looked for first, and adopted when it is there. */
export async function doInSlack(house: House, attempt: Attempt): Promise<Answer> {
  const { incident, call } = attempt;
  if (call.deed.kind === 'share-report') return shareReport(house, attempt, call.deed.file);
  const message = messageFor(house, incident, call);
  const root = rootMessage(incident);
  if (call.deed.kind === 'initial-post') return postRoot(house, attempt, message);
  if (root === null) throw new ServiceFailure('slack', 'unavailable', 'the root message is not posted yet');
  const { inThread, broadcast } = placeOf(house, call);
  const key = messageKey(incident, call);
  const threadTs = inThread ? root.ts : undefined;
  const adopted = attempt.mustLook ? await house.slack.find(root.channel, key, call.dueAt, threadTs) : null;
  const posted = adopted ?? (await house.slack.post(root.channel, message, { key, broadcast, ...(threadTs ? { threadTs } : {}) }));
  return { ...posted, says: adopted ? 'found posted after an unclear attempt' : `posted as ${posted.ts}` };
}

async function postRoot(house: House, { incident, call, mustLook }: Attempt, message: SlackMessage): Promise<Answer> {
  const key = messageKey(incident, call);
  const adopted = mustLook ? await house.slack.find(await house.slack.channelId(), key, call.dueAt) : null;
  const posted = adopted ?? (await house.slack.post(house.channel, message, { key }));
  // The link is worth having, but its failure must not make the post look failed.
  const permalink = await house.slack.permalink(posted).catch(() => '');
  return { ...posted, permalink, says: adopted ? 'found posted after an unclear attempt' : `posted as ${posted.ts}` };
}

async function shareReport(house: House, { incident, mustLook }: Attempt, file: string): Promise<Answer> {
  const root = rootMessage(incident);
  if (root === null) throw new ServiceFailure('slack', 'unavailable', 'the root message is not posted yet');
  const adopted = mustLook ? await house.slack.findFile(root.channel, root.ts, file) : null;
  if (adopted !== null) return { permalink: adopted, file, says: 'found shared after an unclear attempt' };
  const content = await house.reports.read(file);
  const comment = `Gap report of ${incidentName(incident.number)}`;
  const permalink = await house.slack.shareFile(root.channel, root.ts, { name: file, title: file, content, comment });
  return { permalink, file, says: `shared ${file}` };
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
      return { inThread: true, broadcast: true };
    case 'announcement':
      return { inThread: true, broadcast: deed.broadcast };
    default:
      return { inThread: true, broadcast: false };
  }
}

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
      return render(`slack/thread/${deed.name}.liquid`, { details: deed.details });
    case 'check-answer': {
      const answered = incident.checks.find(({ request }) => request === deed.request);
      return render('slack/check.liquid', { check: deed.check, verdict: answered?.verdict });
    }
    default:
      throw new TypeError(`${deed.kind} is no message`);
  }
}

function missedView(missed: readonly Date[], why: string | null) {
  return { count: missed.length, first: missed[0] ?? '', last: missed.at(-1) ?? '', why: why ?? '' };
}

function rootMessageOf(house: House, incident: Incident, view: Readonly<Record<string, unknown>>): SlackMessage {
  const buttons = incidentButtons(incidentName(incident.number), incident.phase.name === 'open');
  return slackMessage(house.templates.render('slack/initial.liquid', { incident: view }), buttons);
}

/** What the root message of each incident last showed, by this process. After a restart the first refresh is one update too many. */
const shown = new WeakMap<House, Map<number, string>>();

/** Brings the root message up to date where it differs from what it showed. A failed refresh is tried again later, never as a new post. */
export async function refreshRoot(house: House, number: number): Promise<void> {
  const { incident } = await load(house, number);
  const root = incident && rootMessage(incident);
  if (!incident || !root) return;
  const initialPost = callNamed(incident, 'slack/initial-post');
  const late = initialPost ? latenessOf(initialPost, house.now()) : '';
  const message = rootMessageOf(house, incident, { ...incidentView(incident, house.now(), house.policy), late });
  const content = JSON.stringify(message);
  const memory = shown.get(house) ?? new Map<number, string>();
  shown.set(house, memory);
  if (memory.get(number) === content) return;
  try {
    await house.slack.update({ channel: root.channel, ts: root.ts } satisfies Posted, message);
    memory.set(number, content);
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    house.log.warn({ incident: number, outcome: error.outcome }, `the root message could not be refreshed: ${error.message}`);
    const retry = { kind: 'lane', lane: 'slack', incident: number } as const;
    const dueAt = plus(house.now(), Math.max(error.retryAfterMilliseconds ?? 0, 15_000));
    await house.jobs.enqueue(house.database, { queue: 'slack', key: `lane/${number}`, data: retry, dueAt }, house.now());
  }
}
