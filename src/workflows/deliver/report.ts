import { between, DAY } from '#domain/base/time.ts';
import type { Answer } from '#domain/incident/call.ts';
import { figuresOf } from '#domain/incident/figures.ts';
import { type Incident, incidentName, stateOf } from '#domain/incident/state.ts';
import { openTasks, tasksOf } from '#domain/incident/tasks.ts';
import { actionsTaken, timeline } from '#domain/incident/timeline.ts';
import { gapView, incidentView } from '#domain/messages/view.ts';
import { incidentNumbers, loadFacts, loadLinks } from '#store/event-store.ts';
import { sha256, unlink } from '#store/hash-chain.ts';
import type { House } from '#workflows/context.ts';
import type { Attempt } from './attempt.ts';

/** Writes the gap report (runbook step 14) or the post-mortem's document, named by the day the gap began. */
export async function writeReport(house: House, { incident, call }: Attempt): Promise<Answer> {
  const isPostMortem = call.deed.kind === 'post-mortem';
  const text = await (isPostMortem ? postMortemText : reportText)(house, incident.number);
  const day = (incident.gaps[0]?.start.at ?? incident.startedAt).toISOString().slice(0, 10);
  const name = `${day}-${incident.isDrill ? 'drill-' : ''}${isPostMortem ? 'post-mortem' : 'audit-gap'}`;
  const file = await house.reports.write(name, `${incidentName(incident.number)}/${call.key}`, text);
  const written = await house.reports.read(file);
  return { file, sha256: sha256(written), says: `wrote ${file} (SHA-256 ${sha256(written)})` };
}

/** The report's text from everything recorded so far. Throws a RangeError when there is no such incident. */
export async function reportText(house: ReportHouse, number: number): Promise<string> {
  const { links, facts, incident } = await recordOf(house, number);
  const now = house.now();
  return house.templates.render('report/gap-report.liquid', {
    incident: incidentView(incident, now, house.policy),
    writtenAt: now,
    figures: figuresOf(facts, now),
    tasks: tasksOf(incident, now, house.policy),
    scanned: incident.followUp.earlierGaps?.words ?? 'not yet counted (it is, after the resolution)',
    checks: incident.checks,
    reconstructions: incident.checks.filter(({ check }) => check === 'reconstruct'),
    actions: actionsTaken(facts),
    timeline: timeline(facts),
    earlier: await earlierGaps(house, incident, now),
    evidence: { count: links.length, hash: links.at(-1)?.hash ?? '' },
  });
}

/** The document that a post-mortem starts from: facts filled in, questions open. Throws a RangeError when there is no such incident. */
async function postMortemText(house: ReportHouse, number: number): Promise<string> {
  const { facts, incident } = await recordOf(house, number);
  const now = house.now();
  return house.templates.render('report/post-mortem.liquid', {
    incident: incidentView(incident, now, house.policy),
    writtenAt: now,
    figures: figuresOf(facts, now),
    open: openTasks(incident, now, house.policy),
    timeline: timeline(facts),
  });
}

type ReportHouse = Pick<House, 'database' | 'policy' | 'templates' | 'now'>;

async function recordOf(house: Pick<House, 'database'>, number: number) {
  const links = await loadLinks(house.database, number);
  const facts = links.map(({ body }) => unlink(body));
  const incident = stateOf(facts);
  if (incident === null) throw new RangeError(`there is no ${incidentName(number)}`);
  return { links, facts, incident };
}

/** Gaps of other incidents that began in the last 12 months (runbook §16, "previous gaps"). */
async function earlierGaps(house: Pick<House, 'database'>, incident: Incident, now: Date) {
  const others = (await incidentNumbers(house.database)).filter((number) => number !== incident.number);
  const states = await Promise.all(others.map(async (number) => stateOf(await loadFacts(house.database, number))));
  const real = states.filter((other) => other?.isDrill === false);
  return real.flatMap((other) =>
    (other?.gaps ?? [])
      .filter(({ start }) => between(start.at, now) <= 366 * DAY)
      .map((gap) => ({ incident: incidentName(other?.number ?? 0), ...gapView(gap, now) })),
  );
}
