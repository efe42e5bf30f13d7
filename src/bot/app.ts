import { App, type BlockAction, HTTPReceiver, type Logger, LogLevel } from '@slack/bolt';
import { foreignLine } from '#domain/foreign-text.ts';
import type { Person } from '#domain/incident/actor.ts';
import { escapeMrkdwn } from '#domain/messages/mrkdwn.ts';
import type { House } from '#workflows/house.ts';
import { press } from './buttons.ts';
import { auditCommand } from './commands/audit.ts';
import { incidentCommand } from './commands/incident.ts';
import { homeView } from './home.ts';
import type { Route } from './http.ts';

export type SlackSettings = {
  readonly botToken: string;
  readonly signingSecret: string | undefined;
  readonly appToken: string | undefined;
  readonly apiUrl: string;
};

/** Bolt, listening: over HTTP through `events`, or by itself in Socket Mode. */
export type SlackApp = { readonly events: Route | null; readonly start: () => Promise<void>; readonly stop: () => Promise<void> };

/** Slack waits 3 seconds for an acknowledgement; an answer that takes longer follows by itself. */
const ANSWER_WITHIN_MILLISECONDS = 2_000;
const BODY_LIMIT = '256kb';

/** Puts Gapwatch's commands and buttons into a Bolt app. Nothing is asked of Slack here, so a start with Slack down succeeds. */
export function slackApp(house: House, settings: SlackSettings): SlackApp {
  const receiver = settings.appToken ? null : httpReceiver(house, settings);
  const app = new App({
    ...(receiver ? { receiver } : { socketMode: true, appToken: settings.appToken ?? '' }),
    // A fixed authorization: asking Slack who we are at the start would make its outage ours.
    authorize: async () => ({ botToken: settings.botToken, botId: 'gapwatch', botUserId: 'gapwatch' }),
    clientOptions: { slackApiUrl: settings.apiUrl, timeout: 10_000, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true },
    logger: boltLog(house),
    deferInitialization: true,
  });
  app.error(async (error) => house.log.error({ err: error }, 'a Slack request failed'));
  listenToCommands(app, house);
  if (receiver) {
    const start = async () => {
      await app.init();
      receiver.init(app);
    };
    return { events: (request, response) => receiver.requestListener(request, response), start, stop: async () => undefined };
  }
  return { events: null, ...socketMode(app, house) };
}

const RECONNECT_MILLISECONDS = 15_000;

/** Socket Mode connects in the background, again and again: Slack being down must not keep PagerDuty's webhooks out. */
function socketMode(app: App, house: House): Pick<SlackApp, 'start' | 'stop'> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const connect = () => {
    app.start().catch((error: unknown) => {
      house.log.warn({ err: error }, 'Slack could not be reached by Socket Mode; it is tried again in 15 s');
      if (!stopped) timer = setTimeout(connect, RECONNECT_MILLISECONDS);
    });
  };
  return {
    start: async () => {
      await app.init();
      connect();
    },
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await app.stop();
    },
  };
}

function httpReceiver(house: House, { signingSecret }: SlackSettings): HTTPReceiver {
  return new HTTPReceiver({
    signingSecret: signingSecret ?? '',
    endpoints: ['/slack/events'],
    bodyLimit: BODY_LIMIT,
    unhandledRequestTimeoutMillis: 10_000,
    logger: boltLog(house),
  });
}

type Handler = (house: House, text: string, person: Person) => Promise<string>;
type Say = (message: { response_type: 'ephemeral'; text: string }) => Promise<unknown>;

function listenToCommands(app: App, house: House): void {
  const handlers: Readonly<Record<string, Handler>> = { '/audit': auditCommand, '/incident': incidentCommand };
  for (const [name, handler] of Object.entries(handlers)) {
    app.command(name, async ({ command, ack, respond }) => {
      const person = personOf(command.user_id, command.user_name);
      await reply(house, ack, respond, async () => {
        const elsewhere = await whereToGo(house, command.channel_id, command.channel_name);
        return elsewhere ?? handler(house, command.text ?? '', person);
      });
    });
  }
  app.action<BlockAction>({ type: 'block_actions', action_id: /^gapwatch:/ }, async ({ body, action, ack, respond }) => {
    await ack();
    const person = personOf(body.user.id, body.user.name ?? body.user.id);
    const value = 'value' in action && typeof action.value === 'string' ? action.value : '';
    const text = await answerOf(house, () => press(house, action.action_id, value, person));
    if (text === '') return;
    await respond({ response_type: 'ephemeral', replace_original: false, text }).catch((error: unknown) =>
      house.log.warn({ err: error }, 'an answer to a button did not arrive'),
    );
  });
  app.event('app_home_opened', async ({ event, client }) => {
    await client.views.publish({ user_id: event.user, view: await homeView(house) });
  });
}

/** Answers with the acknowledgement itself when the work is done in time: what the person then reads has been kept. */
async function reply(house: House, ack: Say, respond: Say, work: () => Promise<string>): Promise<void> {
  const answering = answerOf(house, work);
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), ANSWER_WITHIN_MILLISECONDS);
  const text = await Promise.race([answering, late]);
  clearTimeout(timer);
  await ack(ephemeral(text ?? 'On it. The answer follows here.'));
  if (text === null) await respond(ephemeral(await answering));
}

async function answerOf(house: House, work: () => Promise<string>): Promise<string> {
  try {
    return escapeMrkdwn(await work());
  } catch (error) {
    house.log.error({ err: error }, 'a command failed');
    return 'That did not work: Gapwatch could not reach its own store or hit an error of its own (its log says which). See with `/incident timeline` whether it was recorded before you try again, and do what is urgent by hand.';
  }
}

function ephemeral(text: string): { response_type: 'ephemeral'; text: string } {
  return { response_type: 'ephemeral', text };
}

function personOf(slackId: string, name: string): Person {
  return { kind: 'person', slackId, name: foreignLine(name, 80) };
}

/** Commands belong to the incident channel; elsewhere they answer where to go. */
async function whereToGo(house: House, channelId: string, channelName: string): Promise<string | null> {
  const configured = house.channel.replace(/^#/, '');
  if (channelId === configured || channelName === configured) return null;
  // A private channel's name does not come with the command, so its ID decides.
  const { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(''), 1_000);
  const known = await Promise.race([house.slack.channelId().catch(() => ''), promise]);
  clearTimeout(timer);
  return known === channelId ? null : `Gapwatch works in #${configured}: type the command there, so that everybody sees what is done.`;
}

/** Bolt's words go where ours go; its errors come to `app.error` as well, so here they are only for those who look closely. */
function boltLog({ log }: House): Logger {
  const debug = (...words: unknown[]) => log.debug({ from: 'bolt' }, foreignLine(words.map(String).join(' ')));
  return {
    debug,
    info: debug,
    warn: debug,
    error: debug,
    setLevel: () => undefined,
    getLevel: () => LogLevel.ERROR,
    setName: () => undefined,
  };
}
