import { between, DAY, SECOND, utcDay } from '#domain/base/time.ts';
import { openTasks, tasksOf } from '#domain/incident/checklist.ts';
import { stateOf } from '#domain/incident/evolve.ts';
import { figuresOf } from '#domain/incident/figures.ts';
import type { Answer } from '#domain/incident/outbox/message.ts';
import { type Incident, incidentName } from '#domain/incident/state.ts';
import { actionsTaken, timeline } from '#domain/incident/timeline.ts';
import { gapView, incidentView } from '#domain/messages/view.ts';
import { incidentNumbers, loadEvents, loadLinks } from '#store/event-store.ts';
import { sha256, unlink } from '#store/hash-chain.ts';
import { countEarlierGaps } from '#workflows/checks/count-earlier-gaps.ts';
import { measureGapsAgain } from '#workflows/checks/poll-table.ts';
import type { AppContext } from '#workflows/context.ts';
import type { Attempt } from './attempt.ts';

/** Writes the gap report (runbook step 14) or the post-mortem's document, named by the day the gap began. */
export async function deliverReport(context: AppContext, { incident, outgoing }: Attempt): Promise<Answer> {
  const isPostMortem = outgoing.payload.kind === 'post-mortem';
  await bringUpToDate(context, incident);
  const text = await (isPostMortem ? postMortemText : reportText)(context, incident.number);
  const day = utcDay(incident.gaps[0]?.start.at ?? incident.startedAt);
  const name = `${day}-${incident.isDrill ? 'drill-' : ''}${isPostMortem ? 'post-mortem' : 'audit-gap'}`;
  const file = await context.reports.write(name, `${incidentName(incident.number)}/${outgoing.key}`, text);
  const written = await context.reports.read(file);
  return { file, sha256: sha256(written), message: `wrote ${file} (SHA-256 ${sha256(written)})` };
}

/** The earlier gaps may hold up a report for so long; what takes longer is counted by a job of its own. */
const COUNTED_WITHIN = 8 * SECOND;

/** A report says what the table says now: its gaps are measured again, and after the resolution the earlier ones are counted. */
async function bringUpToDate(context: AppContext, { number, phase }: Incident): Promise<void> {
  await measureGapsAgain(context, number);
  if (phase.name === 'resolved') await countEarlierGaps(context, number, COUNTED_WITHIN);
}

/** The report's text from everything recorded so far. Throws a RangeError when there is no such incident. */
export async function reportText(context: ReportHouse, number: number): Promise<string> {
  const { links, events, incident } = await recordOf(context, number);
  const now = context.now();
  return context.templates.render('report/gap-report.liquid', {
    incident: incidentView(incident, now, context.policy),
    writtenAt: now,
    figures: figuresOf(events, now),
    tasks: tasksOf(incident, now, context.policy),
    scanned: incident.followUp.earlierGaps?.text ?? 'not yet counted (it is, after the resolution)',
    checks: incident.checks,
    reconstructions: incident.checks.filter(({ check }) => check === 'reconstruct'),
    actions: actionsTaken(events),
    timeline: timeline(events),
    earlier: await earlierGaps(context, incident, now),
    evidence: { count: links.length, hash: links.at(-1)?.hash ?? '' },
  });
}

/** The document that a post-mortem starts from: events filled in, questions open. Throws a RangeError when there is no such incident. */
async function postMortemText(context: ReportHouse, number: number): Promise<string> {
  const { events, incident } = await recordOf(context, number);
  const now = context.now();
  return context.templates.render('report/post-mortem.liquid', {
    incident: incidentView(incident, now, context.policy),
    writtenAt: now,
    figures: figuresOf(events, now),
    open: openTasks(incident, now, context.policy),
    timeline: timeline(events),
  });
}

type ReportHouse = Pick<AppContext, 'database' | 'policy' | 'templates' | 'now'>;

async function recordOf(context: Pick<AppContext, 'database'>, number: number) {
  const links = await loadLinks(context.database, number);
  const events = links.map(({ body }) => unlink(body));
  const incident = stateOf(events);
  if (incident === null) throw new RangeError(`there is no ${incidentName(number)}`);
  return { links, events, incident };
}

/** Gaps of other incidents that began in the last 12 months (runbook §16, "previous gaps"). */
async function earlierGaps(context: Pick<AppContext, 'database'>, incident: Incident, now: Date) {
  const others = (await incidentNumbers(context.database)).filter((number) => number !== incident.number);
  const states = await Promise.all(others.map(async (number) => stateOf(await loadEvents(context.database, number))));
  const real = states.filter((other) => other?.isDrill === false);
  return real.flatMap((other) =>
    (other?.gaps ?? [])
      .filter(({ start }) => between(start.at, now) <= 366 * DAY)
      .map((gap) => ({ incident: incidentName(other?.number ?? 0), ...gapView(gap, now) })),
  );
}
