import { MINUTE, plus } from '#domain/base/time.ts';
import type { Verdict } from '#domain/checks/verdict.ts';
import { chartText } from '#domain/messages/chart.ts';
import { checkMessage, progressMessage } from '#domain/messages/check-message.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { Posted } from '#services/slack/history.ts';
import { beginAttempt } from '#store/outbox-attempts.ts';
import type { AppContext } from '#workflows/context.ts';
import { chartImage, chartName } from '#workflows/deliver/chart-image.ts';
import { execute, load } from '#workflows/execute.ts';
import { liveUntil, startLiveCheck } from './live-check.ts';
import { measureGapsAgain } from './poll-table.ts';
import type { Listener } from './run-program.ts';
import { checkVerdict } from './verdict.ts';

type Requested = { readonly incident: number | null; readonly check: string; readonly argument: string; readonly request: string };

/**
 * Runs a check and posts its verdict: on the incident's timeline and thread, or straight into the channel when none is open. A
 * failed reading is the verdict "unknown" with what failed, never "ok".
 */
export async function runCheck(context: AppContext, requested: Requested): Promise<void> {
  const { incident, check, argument, request } = requested;
  if (incident === null) return runInChannel(context, requested);
  const by = { kind: 'gapwatch' } as const;
  const gaps = (await load(context, incident)).incident?.gaps ?? [];
  const listen: Listener = async (line) => {
    const outcome = await execute(context, incident, { kind: 'check-progressed', check, request, line }, by);
    return outcome.incident?.running.find((running) => running.request === request)?.stoppedBy ?? null;
  };
  const verdict = await checkVerdict(context, check, argument, { gaps, listen });
  const until = liveUntil(check, argument, context.now());
  // A scan may have seen records that were brought in later: what is recorded must not contradict it.
  if (check === 'gaps') await measureGapsAgain(context, incident);
  await execute(context, incident, { kind: 'check-answered', check, request, verdict, liveUntil: until }, by);
}

/** Without an incident there is no timeline: one message in the channel shows the progress and then the answer. */
async function runInChannel(context: AppContext, { check, argument, request }: Requested): Promise<void> {
  const channel = await context.slack.channelId();
  const key = `check/${request}`;
  const isFirst = await beginAttempt(context.database, 0, key, 1, context.now());
  let posted: Posted | null = isFirst ? null : await context.slack.find(channel, key, plus(context.now(), -10 * MINUTE));
  const lines: string[] = [];
  const show = async (message: ReturnType<typeof progressMessage>) => {
    if (posted) await context.slack.update(posted, message);
    else posted = await context.slack.post(channel, message, { key });
    return posted;
  };
  const listen: Listener = async (line) => {
    lines.push(line);
    const message = progressMessage(context.templates, { check, askedBy: 'the channel', lines, stoppedBy: null }, null);
    // Progress is worth having; the answer must not depend on it.
    await show(message).catch((error: unknown) => tolerate(context, error));
    return null;
  };
  const verdict = await checkVerdict(context, check, argument, { gaps: [], listen });
  const until = liveUntil(check, argument, context.now());
  const live = until && { readAt: context.now(), until };
  const message = await show(checkMessage(context.templates, context.policy, { check, request, verdict, live }));
  if (verdict.chart) await shareChart(context, channel, check, request, verdict.chart);
  if (until) await startLiveCheck(context, { check, request, until, posted: message });
}

async function shareChart(context: AppContext, channel: string, check: string, request: string, chart: NonNullable<Verdict['chart']>) {
  const name = chartName(check, request);
  const title = chartText(chart);
  const content = await chartImage(chart);
  await context.slack
    .shareFile(channel, null, { name, title, content, comment: '', text: title })
    .catch((error: unknown) => tolerate(context, error));
}

function tolerate(context: AppContext, error: unknown): void {
  if (!(error instanceof ServiceFailure)) throw error;
  context.log.warn({ outcome: error.outcome }, `a message about a check could not be shown: ${error.message}`);
}
