import { MINUTE, plus } from '#domain/base/time.ts';
import type { Verdict } from '#domain/checks/verdict.ts';
import { chartWords } from '#domain/messages/chart.ts';
import { checkMessage, progressMessage } from '#domain/messages/check-message.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { Posted } from '#services/slack.ts';
import { beginAttempt } from '#store/outbox-attempts.ts';
import type { House } from '#workflows/context.ts';
import { chartImage, chartName } from '#workflows/deliver/chart-image.ts';
import { handle, load } from '#workflows/execute.ts';
import { liveUntil, startKeepingCurrent } from './live-check.ts';
import type { Listener } from './run-program.ts';
import { verdictOf } from './verdict.ts';

type Requested = { readonly incident: number | null; readonly check: string; readonly argument: string; readonly request: string };

/**
 * Runs a check and posts its verdict: on the incident's timeline and thread, or straight into the channel when none is open. A
 * failed reading is the verdict "unknown" with what failed, never "ok".
 */
export async function runCheck(house: House, requested: Requested): Promise<void> {
  const { incident, check, argument, request } = requested;
  if (incident === null) return runInChannel(house, requested);
  const by = { kind: 'gapwatch' } as const;
  const gaps = (await load(house, incident)).incident?.gaps ?? [];
  const listen: Listener = async (line) => {
    const outcome = await handle(house, incident, { kind: 'check-progressed', check, request, line }, by);
    return outcome.incident?.running.find((running) => running.request === request)?.stoppedBy ?? null;
  };
  const verdict = await verdictOf(house, check, argument, { gaps, listen });
  const until = liveUntil(check, argument, house.now());
  await handle(house, incident, { kind: 'check-answered', check, request, verdict, liveUntil: until }, by);
}

/** Without an incident there is no timeline: one message in the channel shows the progress and then the answer. */
async function runInChannel(house: House, { check, argument, request }: Requested): Promise<void> {
  const channel = await house.slack.channelId();
  const key = `check/${request}`;
  const isFirst = await beginAttempt(house.database, 0, key, 1, house.now());
  let posted: Posted | null = isFirst ? null : await house.slack.find(channel, key, plus(house.now(), -10 * MINUTE));
  const lines: string[] = [];
  const show = async (message: ReturnType<typeof progressMessage>) => {
    if (posted) await house.slack.update(posted, message);
    else posted = await house.slack.post(channel, message, { key });
    return posted;
  };
  const listen: Listener = async (line) => {
    lines.push(line);
    const message = progressMessage(house.templates, { check, askedBy: 'the channel', lines, stoppedBy: null }, null);
    // Progress is worth having; the answer must not depend on it.
    await show(message).catch((error: unknown) => tolerate(house, error));
    return null;
  };
  const verdict = await verdictOf(house, check, argument, { gaps: [], listen });
  const until = liveUntil(check, argument, house.now());
  const live = until && { readAt: house.now(), until };
  const message = await show(checkMessage(house.templates, house.policy, { check, request, verdict, live }));
  if (verdict.chart) await shareChart(house, channel, check, request, verdict.chart);
  if (until) await startKeepingCurrent(house, { check, request, until, posted: message });
}

async function shareChart(house: House, channel: string, check: string, request: string, chart: NonNullable<Verdict['chart']>) {
  const name = chartName(check, request);
  const title = chartWords(chart);
  const content = await chartImage(chart);
  await house.slack
    .shareFile(channel, null, { name, title, content, comment: '', words: title })
    .catch((error: unknown) => tolerate(house, error));
}

function tolerate(house: House, error: unknown): void {
  if (!(error instanceof ServiceFailure)) throw error;
  house.log.warn({ outcome: error.outcome }, `a message about a check could not be shown: ${error.message}`);
}
