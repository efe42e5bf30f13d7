import { MINUTE, plus, SECOND } from '#domain/base/time.ts';
import { keepCurrent as nextReading } from '#domain/incident/effects.ts';
import { callNamed } from '#domain/incident/state.ts';
import { checkMessage } from '#domain/messages/check-message.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { Posted } from '#services/slack.ts';
import type { House } from '#workflows/context.ts';
import { marked } from '#workflows/deliver/slack.ts';
import { handle, load } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';
import { verdictOf } from './verdict.ts';

const LIVE_FOR = 10 * MINUTE;
const REFRESH_EVERY = 5 * SECOND;

/** Until when an answer is kept current: only `rate live` is, for ten minutes (runbook step 13, "watch -n 5"). */
export function liveUntil(check: string, argument: string, now: Date): Date | null {
  return check === 'rate' && argument === 'live' ? plus(now, LIVE_FOR) : null;
}

/** Reads a live answer of an incident anew and shows it in its message; at the end, or when stopped, the last reading goes on record. */
export async function keepCurrent(house: House, job: { readonly incident: number; readonly check: string; readonly request: string }) {
  const { incident: number, check, request } = job;
  const { incident } = await load(house, number);
  const answered = incident?.checks.find((each) => each.request === request);
  if (!incident || !answered?.liveUntil) return;
  const verdict = await verdictOf(house, check, '');
  const now = house.now();
  if (answered.stoppedBy !== null || plus(now, REFRESH_EVERY) > answered.liveUntil) {
    await handle(house, number, { kind: 'check-refreshed', check, request, verdict }, { kind: 'gapwatch' });
    return;
  }
  const status = callNamed(incident, `slack/check/${request}`)?.status;
  if (status?.name === 'succeeded' && status.answer.channel !== undefined && status.answer.ts !== undefined) {
    const live = { readAt: now, until: answered.liveUntil };
    await show(
      house,
      { channel: status.answer.channel, ts: status.answer.ts },
      marked(incident, checkMessage(house.templates, house.policy, { check, request, verdict, live })),
    );
  }
  await house.jobs.enqueue(house.database, toNewJob(nextReading(number, { check, request }, now)), now);
}

type InChannel = { readonly check: string; readonly request: string; readonly until: Date; readonly posted: Posted };

/** Plans the next reading of a live answer that belongs to no incident. */
export async function startKeepingCurrent(house: House, { check, request, until, posted }: InChannel): Promise<void> {
  const now = house.now();
  const data = { kind: 'keep-current-in-channel', check, request, until: until.toISOString(), ...posted };
  await house.jobs.enqueue(house.database, { queue: 'audit', key: `live/${request}`, data, dueAt: plus(now, REFRESH_EVERY) }, now);
}

/** The same for an answer in the channel, outside any incident. */
export async function keepCurrentInChannel(house: House, live: InChannel): Promise<void> {
  const { check, request, until, posted } = live;
  const verdict = await verdictOf(house, check, '');
  const now = house.now();
  const isLast = plus(now, REFRESH_EVERY) > until;
  await show(
    house,
    posted,
    checkMessage(house.templates, house.policy, { check, request, verdict, live: isLast ? null : { readAt: now, until } }),
  );
  if (!isLast) await startKeepingCurrent(house, live);
}

/** A reading that can't be shown is passed over: the next one comes in five seconds. */
async function show(house: House, posted: Posted, message: ReturnType<typeof checkMessage>): Promise<void> {
  await house.slack.update(posted, message).catch((error: unknown) => {
    if (!(error instanceof ServiceFailure)) throw error;
    house.log.warn({ outcome: error.outcome }, `a live answer could not be refreshed: ${error.message}`);
  });
}
