import { type App, type Logger, SocketModeReceiver } from '@slack/bolt';
import { MINUTE, type Milliseconds, SECOND } from '#domain/base/time.ts';
import { noteFinding } from '#store/findings.ts';
import type { AppContext } from '#workflows/context.ts';

type Settings = { readonly appToken: string; readonly apiUrl: string; readonly logger: Logger };

/** The receiver of Socket Mode. It never reconnects by itself: its own reconnecting throws where nobody can catch it. */
export function socketModeReceiver({ appToken, apiUrl, logger }: Settings): SocketModeReceiver {
  const clientOptions = { slackApiUrl: apiUrl, timeout: 10 * SECOND, retryConfig: { retries: 0 }, rejectRateLimitedCalls: true };
  return new SocketModeReceiver({ appToken, autoReconnectEnabled: false, logger, installerOptions: { clientOptions } });
}

const FIRST_PAUSE: Milliseconds = SECOND;
const LONGEST_PAUSE: Milliseconds = MINUTE;
/** A connection that held for so long was a good one; one that breaks sooner counts as another failure. */
const HELD: Milliseconds = MINUTE;

/**
 * Keeps Gapwatch connected by Socket Mode, in the background and whatever Slack answers: it tries again with growing pauses, says so in the
 * log and keeps a finding until it is connected again. Nothing here ever rejects: Slack being down must not keep PagerDuty's webhooks out.
 */
export function keepConnected(
  app: App,
  receiver: SocketModeReceiver,
  context: AppContext,
): { readonly start: () => Promise<void>; readonly stop: () => Promise<void> } {
  let failures = 0;
  let isStopped = false;
  let waiting: NodeJS.Timeout | undefined;
  let holding: NodeJS.Timeout | undefined;
  const connectAgain = (asked: Milliseconds = 0) => {
    clearTimeout(holding);
    if (isStopped || waiting !== undefined) return;
    const pause = Math.max(asked, Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures));
    failures += 1;
    waiting = setTimeout(() => {
      waiting = undefined;
      void connect();
    }, pause);
  };
  const connect = async () => {
    try {
      await receiver.start();
    } catch (error) {
      if (isStopped) return;
      const { message, retryAfterMilliseconds } = context.slack.failureOf('apps.connections.open', error);
      context.log.warn({ attempt: failures + 1 }, `Socket Mode is not connected, and is tried again: ${message}`);
      await note(context, `commands and buttons do not arrive, because Socket Mode is not connected: ${message}`);
      connectAgain(retryAfterMilliseconds ?? 0);
    }
  };
  receiver.client.on('connected', () => {
    clearTimeout(holding);
    holding = setTimeout(() => {
      failures = 0;
    }, HELD);
    holding.unref();
    context.log.info('Socket Mode is connected');
    void note(context, null);
  });
  receiver.client.on('disconnected', () => connectAgain());
  return {
    start: async () => {
      await app.init();
      void connect();
    },
    stop: async () => {
      isStopped = true;
      clearTimeout(waiting);
      clearTimeout(holding);
      await receiver.stop();
    },
  };
}

/** While the store is away too, the log has to do. */
async function note({ database, log, now }: AppContext, text: string | null): Promise<void> {
  await noteFinding(database, 'socket-mode', text, now()).catch((error: unknown) =>
    log.warn({ err: error }, 'how Socket Mode is doing could not be kept'),
  );
}
