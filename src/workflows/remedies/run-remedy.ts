import type { TableReading } from '#domain/audit-table/reading.ts';
import { between, formatDuration, formatUtc, MINUTE, type Milliseconds, plus, SECOND } from '#domain/base/time.ts';
import { runRemedyJob } from '#domain/incident/effects.ts';
import type { RecordedEvent } from '#domain/incident/event.ts';
import { remedyOf, stepOf } from '#domain/incident/remedy-runs.ts';
import type { Incident, Progress, RemedyRun } from '#domain/incident/state.ts';
import { ServiceFailure } from '#services/failure.ts';
import type { Orders, Placed } from '#services/long-running.ts';
import { forgetKeys } from '#store/archived-keys.ts';
import { readTable } from '#workflows/checks/poll-table.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute, load } from '#workflows/execute.ts';
import { toNewJob } from '#workflows/jobs.ts';
import { planOf } from './plan-remedy.ts';
import { keepStep, lastRecord, type Taken } from './remedy-step.ts';
import { REMEDY_WORK } from './remedy-work.ts';
import { archiveStepFailed, takeArchiveStep } from './run-archive.ts';
import { recreationFailed, takeRecreateStep } from './run-recreate-table.ts';

/** How often a change at work is looked at, and how long before it is left to people. */
const LOOK_EVERY = 5 * SECOND;
const FOLLOWED_FOR = 30 * MINUTE;
/** After an order without a clear answer it is looked for so long. It is never placed again. */
const SOUGHT_FOR = MINUTE;
/** How long after the change records must have returned. */
const RECORDS_WITHIN = 5 * MINUTE;

/**
 * Takes the next step of an approved remedy, keeps what came of it, and wakes itself for the one after. Every step is an event before and
 * after it is taken, so a process that dies in the middle goes on where it was, and an order is never placed twice.
 */
export async function runRemedy(context: AppContext, number: number, request: string): Promise<void> {
  const { incident } = await load(context, number);
  const run = incident && remedyOf(incident.remedies, request);
  if (!incident || run?.status.name !== 'approved') return;
  const taken = await takeStep(context, incident, run).catch((error: unknown) => failedStep(context, incident, run, error));
  if (typeof taken === 'object' && 'outcome' in taken) {
    if (run.remedy === 'archive') await forgetKeys(context.database, request);
    await execute(context, number, { kind: 'remedy-ended', request, ...taken }, { kind: 'gapwatch' });
    return;
  }
  const now = context.now();
  await context.jobs.enqueue(context.database, toNewJob(runRemedyJob(number, request, plus(now, waitOf(taken)))), now);
}

function waitOf(taken: 'again' | 'next' | { readonly againIn: Milliseconds }): Milliseconds {
  switch (taken) {
    case 'next':
      return 0;
    case 'again':
      return LOOK_EVERY;
    default:
      return taken.againIn;
  }
}

async function takeStep(context: AppContext, incident: Incident, run: RemedyRun): Promise<Taken> {
  if (run.remedy === 'archive' || run.remedy === 'recreate-table') {
    const done = stepOf(run, 'done');
    if (done) return verify(context, incident, run, done);
    if (!stepOf(run, 'began')) return begin(context, incident, run);
    return run.remedy === 'archive' ? takeArchiveStep(context, incident, run) : takeRecreateStep(context, incident, run);
  }
  const orders = REMEDY_WORK[run.remedy].orders(context);
  if (orders === null) return { outcome: 'failed', message: 'Its settings are gone. Nothing was changed.' };
  const ordering = stepOf(run, 'ordering');
  if (!ordering) return order(context, incident, run, orders);
  const ordered = stepOf(run, 'ordered');
  if (!ordered) return seek(context, incident, run, orders);
  const done = stepOf(run, 'done');
  if (done) return verify(context, incident, run, done);
  return follow(context, incident, run, orders, ordered.data.id ?? '');
}

/** A step that met a failure is taken again later, until the time for all of it is over. */
async function failedStep(context: AppContext, incident: Incident, run: RemedyRun, error: unknown): Promise<Taken> {
  if (!(error instanceof ServiceFailure)) throw error;
  context.log.warn({ outcome: error.outcome, remedy: run.remedy }, `a step of a remedy failed: ${error.message}`);
  if (run.remedy === 'archive') return archiveStepFailed(context, incident, run, error);
  if (run.remedy === 'recreate-table' && (error.outcome === 'refused' || isOverdue(context, run))) {
    const { incident: current } = await load(context, incident.number);
    return recreationFailed((current && remedyOf(current.remedies, run.request)) ?? run, error.message);
  }
  return isOverdue(context, run)
    ? { outcome: 'failed', message: `It could not be followed to its end: ${error.message}. Look there.` }
    : 'again';
}

function isOverdue(context: AppContext, { status }: RemedyRun): boolean {
  return status.name === 'approved' && between(status.at, context.now()) > FOLLOWED_FOR;
}

/** Before anything happens the plan is made once more: what was approved is what runs, or nothing does. */
async function notToRun(context: AppContext, incident: Incident, run: RemedyRun): Promise<Taken | null> {
  if (run.stoppedBy !== null) return { outcome: 'stopped', message: `${run.stoppedBy} stopped it before anything was changed.` };
  const planned = await planOf(context, incident, run);
  if (!('plan' in planned))
    return { outcome: 'refused', message: `The plan does not hold any more. ${planned.impossible} Nothing was changed.` };
  if (planned.plan.basis === run.plan?.basis) return null;
  return {
    outcome: 'refused',
    message: `The plan has changed since it was approved: it rested on ${run.plan?.basis}, and now it would on ${planned.plan.basis}. Nothing was changed; ask again.`,
  };
}

async function begin(context: AppContext, incident: Incident, run: RemedyRun): Promise<Taken> {
  const not = await notToRun(context, incident, run);
  if (not !== null) return not;
  await keepStep({ context, incident, run }, 'began', 'the plan was made again and is the same; it begins', {});
  return 'next';
}

async function order(context: AppContext, incident: Incident, run: RemedyRun, orders: Orders): Promise<Taken> {
  const not = await notToRun(context, incident, run);
  if (not !== null) return not;
  const known = await orders.newest();
  await keepStep({ context, incident, run }, 'ordering', 'the plan was made again and is the same; the order goes out', { known });
  try {
    const placed = await orders.place(run.plan?.target ?? '');
    if (placed) await keepPlaced(context, incident, run, placed);
    return 'again';
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    if (error.outcome !== 'unclear')
      return { outcome: 'failed', message: `The order was not taken: ${error.message}. Nothing was changed.` };
    await keepStep(
      { context, incident, run },
      'unclear',
      `whether the order was taken is not clear: ${error.message}; it is looked for`,
      {},
    );
    return 'again';
  }
}

/** The order went out and its answer is not known: it is looked for, and never placed again. */
async function seek(context: AppContext, incident: Incident, run: RemedyRun, orders: Orders): Promise<Taken> {
  const ordering = stepOf(run, 'ordering');
  const found = await orders.newSince(ordering?.data.known ?? '');
  if (found) {
    await keepPlaced(context, incident, run, found);
    return 'again';
  }
  if (!ordering || between(ordering.at, context.now()) < SOUGHT_FOR) return 'again';
  return {
    outcome: 'failed',
    message: `The order went out at ${formatUtc(ordering.at)}, and nothing came of it that can be seen. It may still begin: look there before you ask again.`,
  };
}

async function follow(context: AppContext, incident: Incident, run: RemedyRun, orders: Orders, id: string): Promise<Taken> {
  if (run.stoppedBy !== null)
    return { outcome: 'stopped', message: `${run.stoppedBy} stopped following it. What was ordered goes on by itself: ${id}.` };
  const { state, text } = await orders.follow(id);
  switch (state) {
    case 'at-work':
      await keepStep({ context, incident, run }, `at-work/${text}`, text, {});
      return isOverdue(context, run)
        ? {
            outcome: 'failed',
            message: `It was followed for ${formatDuration(FOLLOWED_FOR)} without an end (${text}). It goes on by itself: ${id}.`,
          }
        : 'again';
    case 'failed':
      return { outcome: 'failed', message: `It ended as ${text}: ${id}. What ran before goes on, if it does.` };
    case 'succeeded':
      await keepStep({ context, incident, run }, 'done', `${text}; now records are looked for`, {
        lastRecord: await lastRecord(context, incident),
      });
      return 'again';
    default:
      return state satisfies never;
  }
}

/** A change that was made is no cure until a record was seen that was not there when it was done. */
async function verify(context: AppContext, incident: Incident, run: RemedyRun, { at: doneAt, data }: Progress): Promise<Taken> {
  const reading = await readTable(context, incident.number);
  const last = reading.kind === 'seen' ? reading.lastRecordAt : null;
  // Records are compared with records: the clock of the machine that writes them may be another than ours.
  const before = new Date(data.lastRecord || doneAt);
  if (last !== null && last > before) {
    const seen = `Done, and audit records are being written: one of ${formatUtc(last)} was seen.`;
    const { events } = await load(context, incident.number);
    return {
      outcome: 'done',
      message: `${seen}${othersActed(events, run) ? ' Whether this remedy brought them back is not known: others acted meanwhile.' : ''}`,
    };
  }
  if (run.stoppedBy === null && between(doneAt, context.now()) < RECORDS_WITHIN) return 'again';
  return {
    outcome: 'failed',
    message: `The change was made at ${formatUtc(doneAt)}, and it did not bring the records back: ${seenWords(reading)}. Next: \`/audit diagnose\`.`,
  };
}

/** Whether anybody stated an action, or closed an alert, between the approval of a remedy and now: then its effect can't be told from theirs. */
function othersActed(events: readonly RecordedEvent[], { request }: RemedyRun): boolean {
  const approvedAt = events.findLastIndex(({ event }) => event.type === 'remedy.approved' && event.request === request);
  return events.slice(approvedAt + 1).some(({ event }) => {
    if (event.type === 'alert.changed') return event.event === 'resolved';
    return event.type === 'action.stated' || (event.type === 'remedy.ended' && event.request !== request && event.outcome === 'done');
  });
}

function seenWords(reading: TableReading): string {
  if (reading.kind === 'unseen') return `the audit table can't be seen: ${reading.failure}`;
  return reading.lastRecordAt === null
    ? 'the audit table holds no record'
    : `the last audit record is of ${formatUtc(reading.lastRecordAt)}`;
}

function keepPlaced(context: AppContext, incident: Incident, run: RemedyRun, { id, url }: Placed): Promise<void> {
  return keepStep({ context, incident, run }, 'ordered', `under way: ${id}`, { id, url });
}
