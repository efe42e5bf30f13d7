import { MINUTE, plus, SECOND } from '#domain/base/time.ts';
import { refreshCheckJob } from '#domain/incident/effects.ts';
import { outboxMessage } from '#domain/incident/state.ts';
import { checkMessage } from '#domain/messages/check-message.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { Posted } from '#services/slack/history.ts';
import type { AppContext } from '#workflows/context.ts';
import { marked } from '#workflows/deliver/slack.ts';
import { execute, load } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';
import { checkVerdict } from './verdict.ts';

const LIVE_FOR = 10 * MINUTE;
const REFRESH_EVERY = 5 * SECOND;

/** Until when an answer is kept current: only `rate live` is, for ten minutes (runbook step 13, "watch -n 5"). */
export function liveUntil(check: string, argument: string, now: Date): Date | null {
  return check === 'rate' && argument === 'live' ? plus(now, LIVE_FOR) : null;
}

/** Reads a live answer of an incident again and shows it in its message; at the end, or when stopped, the last reading goes on record. */
export async function refreshCheck(
  context: AppContext,
  job: { readonly incident: number; readonly check: string; readonly request: string },
) {
  const { incident: number, check, request } = job;
  const { incident } = await load(context, number);
  const answered = incident?.checks.find((each) => each.request === request);
  if (!incident || !answered?.liveUntil) return;
  const verdict = await checkVerdict(context, check, '');
  const now = context.now();
  if (answered.stoppedBy !== null || plus(now, REFRESH_EVERY) > answered.liveUntil) {
    await execute(context, number, { kind: 'check-refreshed', check, request, verdict }, { kind: 'gapwatch' });
    return;
  }
  const status = outboxMessage(incident, `slack/check/${request}`)?.status;
  if (status?.name === 'succeeded' && status.answer.channel !== undefined && status.answer.ts !== undefined) {
    const live = { readAt: now, until: answered.liveUntil };
    await show(
      context,
      { channel: status.answer.channel, ts: status.answer.ts },
      marked(incident, checkMessage(context.templates, context.policy, { check, request, verdict, live })),
    );
  }
  await context.jobs.enqueue(context.database, toNewJob(refreshCheckJob(number, { check, request }, now)), now);
}

type InChannel = { readonly check: string; readonly request: string; readonly until: Date; readonly posted: Posted };

/** Plans the next reading of a live answer that belongs to no incident. */
export async function startLiveCheck(context: AppContext, { check, request, until, posted }: InChannel): Promise<void> {
  const now = context.now();
  const data = { kind: 'refresh-check-in-channel', check, request, until: until.toISOString(), ...posted };
  await context.jobs.enqueue(context.database, { queue: 'audit', key: `live/${request}`, data, dueAt: plus(now, REFRESH_EVERY) }, now);
}

/** The same for an answer in the channel, outside any incident. */
export async function refreshCheckInChannel(context: AppContext, live: InChannel): Promise<void> {
  const { check, request, until, posted } = live;
  const verdict = await checkVerdict(context, check, '');
  const now = context.now();
  const isLast = plus(now, REFRESH_EVERY) > until;
  await show(
    context,
    posted,
    checkMessage(context.templates, context.policy, { check, request, verdict, live: isLast ? null : { readAt: now, until } }),
  );
  if (!isLast) await startLiveCheck(context, live);
}

/** A reading that can't be shown is passed over: the next one comes in five seconds. */
async function show(context: AppContext, posted: Posted, message: ReturnType<typeof checkMessage>): Promise<void> {
  await context.slack.update(posted, message).catch((error: unknown) => {
    if (!(error instanceof ServiceFailure)) throw error;
    context.log.warn({ outcome: error.outcome }, `a live answer could not be refreshed: ${error.message}`);
  });
}
