import type { IncomingMessage, ServerResponse } from 'node:http';
import { App, HTTPReceiver, type Logger, LogLevel } from '@slack/bolt';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import type { AppContext } from '#workflows/context.ts';
import { listenToPeople } from './listeners.ts';
import { keepConnected, socketModeReceiver } from './socket-mode.ts';

export type SlackSettings = {
  readonly botToken: string;
  readonly signingSecret: string | undefined;
  readonly appToken: string | undefined;
  readonly apiUrl: string;
};

type RequestHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** Bolt, listening: over HTTP through `events`, or by itself in Socket Mode. */
export type SlackApp = { readonly events: RequestHandler | null; readonly start: () => Promise<void>; readonly stop: () => Promise<void> };

const BODY_LIMIT = '256kb';

/** Puts Gapwatch's commands and buttons into a Bolt app. Nothing is asked of Slack here, so a start with Slack down succeeds. */
export function slackApp(context: AppContext, settings: SlackSettings): SlackApp {
  const socket = settings.appToken
    ? socketModeReceiver({ appToken: settings.appToken, apiUrl: settings.apiUrl, logger: boltLog(context) })
    : null;
  const receiver = socket ?? httpReceiver(context, settings);
  const app = new App({
    receiver,
    // A fixed authorization: asking Slack who we are at the start would make its outage ours.
    authorize: async () => ({ botToken: settings.botToken, botId: 'gapwatch', botUserId: 'gapwatch' }),
    clientOptions: { slackApiUrl: settings.apiUrl, timeout: 10_000, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true },
    logger: boltLog(context),
    deferInitialization: true,
  });
  app.error(async (error) => context.log.error({ err: error }, 'a Slack request failed'));
  listenToPeople(app, context);
  if (receiver instanceof HTTPReceiver) {
    const start = async () => {
      await app.init();
      receiver.init(app);
    };
    return { events: (request, response) => receiver.requestListener(request, response), start, stop: async () => undefined };
  }
  return { events: null, ...keepConnected(app, receiver, context) };
}

function httpReceiver(context: AppContext, { signingSecret }: SlackSettings): HTTPReceiver {
  return new HTTPReceiver({
    signingSecret: signingSecret ?? '',
    endpoints: ['/slack/events'],
    bodyLimit: BODY_LIMIT,
    unhandledRequestTimeoutMillis: 10_000,
    logger: boltLog(context),
  });
}

/** Bolt's words go where ours go; its errors come to `app.error` as well, so here they are only for those who look closely. */
function boltLog({ log }: AppContext): Logger {
  const debug = (...text: unknown[]) => log.debug({ from: 'bolt' }, foreignLine(text.map(String).join(' ')));
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
