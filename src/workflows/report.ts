import type { Answer } from '#domain/incident/call.ts';
import { type Incident, incidentName, stateOf } from '#domain/incident/state.ts';
import { actionsTaken, timeline } from '#domain/incident/timeline.ts';
import { gapView, incidentView } from '#domain/messages/view.ts';
import { between, DAY } from '#domain/time.ts';
import { sha256, unlink } from '#store/chain.ts';
import { incidentNumbers, loadFacts, loadLinks } from '#store/facts.ts';
import type { Attempt } from './attempt.ts';
import type { House } from './house.ts';

/** Writes the gap report (runbook step 14), named by the day the gap began. */
export async function writeReport(house: House, { incident, call }: Attempt): Promise<Answer> {
  const text = await reportText(house, incident.number);
  const day = (incident.gaps[0]?.start.at ?? incident.startedAt).toISOString().slice(0, 10);
  const file = await house.reports.write(day, `${incidentName(incident.number)}/${call.key}`, text);
  const written = await house.reports.read(file);
  return { file, sha256: sha256(written), says: `wrote ${file} (SHA-256 ${sha256(written)})` };
}

/** The report's text from everything recorded so far. Throws a RangeError when there is no such incident. */
export async function reportText(house: Pick<House, 'database' | 'policy' | 'templates' | 'now'>, number: number): Promise<string> {
  const links = await loadLinks(house.database, number);
  const facts = links.map(({ body }) => unlink(body));
  const incident = stateOf(facts);
  if (incident === null) throw new RangeError(`there is no ${incidentName(number)}`);
  const now = house.now();
  return house.templates.render('report/gap-report.liquid', {
    incident: incidentView(incident, now, house.policy),
    writtenAt: now,
    checks: incident.checks,
    reconstructions: incident.checks.filter(({ check }) => check === 'reconstruct'),
    actions: actionsTaken(facts),
    timeline: timeline(facts),
    earlier: await earlierGaps(house, incident, now),
    evidence: { count: links.length, hash: links.at(-1)?.hash ?? '' },
  });
}

/** Gaps of other incidents that began in the last 12 months (runbook §16, "previous gaps"). */
async function earlierGaps(house: Pick<House, 'database'>, incident: Incident, now: Date) {
  const others = (await incidentNumbers(house.database)).filter((number) => number !== incident.number);
  const states = await Promise.all(others.map(async (number) => stateOf(await loadFacts(house.database, number))));
  return states.flatMap((other) =>
    (other?.gaps ?? [])
      .filter(({ start }) => between(start.at, now) <= 366 * DAY)
      .map((gap) => ({ incident: incidentName(other?.number ?? 0), ...gapView(gap, now) })),
  );
}
