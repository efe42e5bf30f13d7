import { between, DAY, formatUtc, HOUR, MINUTE, type Milliseconds, plus } from '#domain/base/time.ts';
import { incidentName } from '#domain/incident/state.ts';
import { ServiceFailure } from '#services/failure.ts';
import { loadFindings, noteFinding } from '#store/findings.ts';
import { judgeStore } from '#store/judge-store.ts';
import { loadWatch } from '#store/watch.ts';
import type { AppContext } from '#workflows/context.ts';
import { planWarning } from '#workflows/deliver/warning.ts';
import { wakeWatchRound } from '#workflows/watch/watch-round.ts';
import { reconcileTimers } from './reconcile-timers.ts';
import { signLedger } from './sign-evidence.ts';
import { checkSlack } from './slack-check.ts';

/** A watch without a round for so long stands still. */
const STANDSTILL: Milliseconds = MINUTE;

/**
 * Once a minute: finds and repairs what is overdue, and tells the outside dead-man's switch that all is well, only when it is. Then it
 * wakes itself.
 */
export async function selfCheck(context: AppContext): Promise<void> {
  await checkSlack(context);
  const findings = await loadFindings(context.database);
  for (const { name, since } of findings) {
    // Lost work can't be found again: after an hour it has been seen, and the heartbeat goes on.
    if (name === 'jobs' && plus(since, HOUR) <= context.now()) await noteFinding(context.database, name, null, context.now());
  }
  const { wrong: own } = context.remembered.ownHealth;
  const wrong = [
    ...(own === null ? [] : [own]),
    ...(await reconcileTimers(context)),
    ...(await checkWatch(context)),
    ...findings.map(({ text }) => text),
  ];
  if (wrong.length > 0) context.log.warn({ wrong }, 'Gapwatch is not well; the heartbeat is held back');
  else await beat(context);
  await plan(context, 'self-check', plus(context.now(), MINUTE));
}

/** The watch makes its rounds, or is woken and said to have stood still. */
async function checkWatch(context: AppContext): Promise<readonly string[]> {
  if (context.policy.watch.mode === 'off') return [];
  const memory = await loadWatch(context.database);
  if (memory !== null && between(memory.roundAt, context.now()) < STANDSTILL + context.policy.watch.every) return [];
  await wakeWatchRound(context, context.database, context.now());
  return [memory === null ? 'the watch has made no round yet' : `the watch has made no round since ${formatUtc(memory.roundAt)}`];
}

async function beat({ heartbeat, log }: AppContext): Promise<void> {
  try {
    await heartbeat?.beat();
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    log.warn({ outcome: error.outcome }, `the heartbeat did not arrive: ${error.message}`);
  }
}

const RECORDS = 'records';

/**
 * Once a day, and at the start: closes the ledger and judges everything on record, as `verify` does. What does not hold is told in the
 * channel, once for each incident (or other part of the record), and kept as a finding until it holds again.
 */
export async function verifyDaily(context: AppContext): Promise<void> {
  await signLedger(context);
  const broken = await brokenParts(context);
  const before = (await loadFindings(context.database)).filter(({ name }) => isAboutRecords(name));
  for (const { name } of before) {
    if (!broken.has(name)) await noteFinding(context.database, name, null, context.now());
  }
  const news: string[] = [];
  for (const [name, text] of broken) {
    if (await noteFinding(context.database, name, text, context.now())) news.push(text);
  }
  if (news.length > 0) {
    const key = `warning/record-broken/${formatUtc(context.now())}`;
    await planWarning(context, { key, warning: 'record-broken', details: { text: news.join('; ').slice(0, 1_000) } });
  }
  await plan(context, 'verify-records', plus(context.now(), DAY));
}

function isAboutRecords(finding: string): boolean {
  return finding === RECORDS || finding.startsWith(`${RECORDS}/`);
}

/** What does not hold, in words, by the name of its finding. */
async function brokenParts(context: AppContext): Promise<ReadonlyMap<string, string>> {
  // By any key: records signed before the key was changed still hold.
  const judgements = await judgeStore(context.database, { trusted: null, now: context.now() });
  return new Map(
    judgements.flatMap(({ subject, problems }) => {
      const name = 'incident' in subject ? incidentName(subject.incident) : subject.part;
      const texts = problems.filter(({ kind }) => kind === 'broken').map(({ text }) => text);
      return texts.length === 0 ? [] : [[`${RECORDS}/${name}`, `${name}: ${texts.join(', ').slice(0, 300)}`] as const];
    }),
  );
}

/** Begins looking after ourselves. */
export async function startSelfCheck(context: AppContext): Promise<void> {
  await plan(context, 'self-check', context.now());
  await plan(context, 'verify-records', context.now());
}

function plan(context: AppContext, kind: 'self-check' | 'verify-records', dueAt: Date): Promise<void> {
  return context.jobs.enqueue(context.database, { queue: 'timers', key: kind, data: { kind }, dueAt }, context.now());
}
