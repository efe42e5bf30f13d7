import { expect } from 'vitest';
import type { IncidentEvent } from '#domain/incident/event.ts';
import { stateOf } from '#domain/incident/evolve.ts';
import { goesSilent, robinTypes, writesAgain } from '#harness/stories.ts';
import { story, type World } from '#harness/world.ts';
import { type Chance, chance } from '#sandbox/chance.ts';
import { openDatabase } from '#store/database.ts';
import { loadEvents } from '#store/event-store.ts';
import { judgeStore } from '#store/judge-store.ts';

/** How many random lives, and from which seed: `SOAK_RUNS=200 SOAK_SEED=1 npm run soak`. A failure names its seed. */
const RUNS = Number(process.env.SOAK_RUNS ?? 2);
const FIRST_SEED = Number(process.env.SOAK_SEED ?? 1);
const STEPS = 14;
const MINUTE = 60_000;

/** What people were told was kept: it must be on record, once. */
type Told = { readonly notes: string[] };

story.for(Array.from({ length: RUNS }, (_, index) => FIRST_SEED + index))(
  'a random life with kills and outages, seed %i → every fact that was acknowledged is there, every message went out, none twice',
  { timeout: 240_000 },
  async (seed, { world }) => {
    world.expectsErrors();
    const random = chance(seed);
    const told: Told = { notes: [] };
    await goesSilent(world);
    await world.startsApart();
    await world.pagerduty.fires('AuditLogFailure');
    for (let step = 0; step < STEPS; step += 1) await lives(world, random, told, step);
    await recovers(world);
    await writesAgain(world);
    await quiets(world, 1);
    await robinTypes(world, '/incident resolve anyway because the story ends');
    for (let wait = 0; wait < 6; wait += 1) await quiets(world, 2);
    await holds(world, told, seed);
  },
);

async function lives(world: World, random: Chance, told: Told, step: number): Promise<void> {
  switch (random.pick(['passes', 'passes', 'passes', 'types', 'types', 'dies', 'dies', 'breaks', 'recovers'])) {
    case 'passes':
      return quiets(world, random.pick([0.25, 1, 2, 5, 7]));
    case 'types':
      return types(world, random, told, step);
    case 'dies':
      return dies(world, random, told, step);
    case 'breaks':
      return breaks(world, random);
    default:
      return recovers(world);
  }
}

/** Lets time pass and waits until what is due is done. */
async function quiets(world: World, minutes: number): Promise<void> {
  await world.settles();
  await world.moves(minutes);
  await world.settles();
}

async function types(world: World, random: Chance, told: Told, step: number): Promise<void> {
  const text = `step ${step} says ${random.below(1_000)}`;
  const command = random.pick(['note', 'note', 'action', 'cause', 'claim', 'scope', 'gap']);
  const typed = {
    note: `/incident note ${text}`,
    action: `/incident action ${text}`,
    cause: `/incident cause ${text}`,
    claim: '/incident claim',
    scope: '/audit scope',
    gap: `/incident gap start 11:5${random.below(7)} anyway because the log shows it`,
  }[command];
  const answer = await robinTypes(world, typed ?? '').catch(() => '');
  if (command === 'note' && answer.includes('Kept the note')) told.notes.push(text);
}

/** Dies at any moment: at once, or in the middle of what it was just asked to do. Then it is started again. */
async function dies(world: World, random: Chance, told: Told, step: number): Promise<void> {
  const busy = random.below(2) === 0 ? types(world, random, told, step) : world.moves(random.pick([0.25, 5]));
  await new Promise((done) => setTimeout(done, random.below(250)));
  await world.isKilled();
  await busy.catch(() => undefined);
  await world.startsApart();
  // A job of a dead process is taken over when its heartbeat is 10 s old: until then it looks busy.
  await world.moves(0.25);
  await world.settles();
}

function breaks(world: World, random: Chance): void {
  const fault = random.pick([
    { kind: 'answer', status: 503 },
    { kind: 'answer', status: 200, body: '<html>oops</html>' },
    { kind: 'lose-answer' },
  ] as const);
  const share = random.pick([1, 2]);
  let count = 0;
  const flaps = () => {
    count += 1;
    return count % share === 0 ? fault : undefined;
  };
  switch (random.pick(['slack', 'pagerduty', 'mail'])) {
    case 'slack':
      world.slack.fault = (method) => (method.startsWith('chat.') || method.startsWith('files.') ? flaps() : undefined);
      return;
    case 'pagerduty':
      world.pagerduty.fault = flaps;
      return;
    default:
      world.mail.fault = { kind: 'greylist' };
  }
}

async function recovers(world: World): Promise<void> {
  world.slack.fault = undefined;
  world.pagerduty.fault = undefined;
  world.mail.fault = undefined;
  await quiets(world, 2);
}

async function holds(world: World, told: Told, seed: number): Promise<void> {
  const store = openDatabase(world.storeUrl, () => undefined);
  const judgements = await judgeStore(store, { trusted: null, now: new Date() });
  const events = (await loadEvents(store, 1)).map(({ event }) => event);
  const incident = stateOf(await loadEvents(store, 1));
  await store.close();
  const name = `seed ${seed}`;
  expect(
    judgements.flatMap(({ problems }) => problems),
    name,
  ).toEqual([]);
  for (const note of told.notes)
    expect(
      events.filter((event) => event.type === 'note.added' && event.text === note),
      `${name}: ${note}`,
    ).toHaveLength(1);
  const unfinished = (incident?.outbox ?? []).filter(({ status }) => status.name === 'due');
  expect(
    unfinished.map(({ key, status }) => `${key} ${JSON.stringify(status)}`),
    name,
  ).toEqual([]);
  const keys = world.slack.messages.flatMap(({ key }) => key ?? []);
  expect(keys.length - new Set(keys).size, `${name}: posted twice`).toBe(0);
  const posted = (incident?.outbox ?? []).filter(
    ({ key, status }) => key.startsWith('slack/') && status.name === 'succeeded' && status.answer.ts !== undefined,
  );
  expect(
    posted.filter(({ key }) => !keys.some((each) => each.endsWith(`/INC-1/${key}`))).map(({ key }) => key),
    name,
  ).toEqual([]);
  const [alert] = world.pagerduty.incidents.values();
  expect(new Set(alert?.notes).size, `${name}: a note twice`).toBe(alert?.notes.length);
  expect(alert?.status, name).toBe('resolved');
  expect(cadence(events), `${name}: updates`).toEqual([]);
}

/** The moments at which updates were due, told or missed, are five minutes apart; answers those that are not. */
function cadence(events: readonly IncidentEvent[]): readonly string[] {
  const superseded = new Set(events.flatMap((event) => (event.type === 'outbox.superseded' ? [event.key] : [])));
  const times = events.flatMap((event) => {
    if (event.type !== 'outbox.queued' || event.payload.kind !== 'update') return [];
    return [...event.payload.missed, ...(superseded.has(event.key) ? [] : [event.dueAt])].map((at) => at.getTime());
  });
  const sorted = [...new Set(times)].toSorted((one, other) => one - other);
  return sorted.flatMap((time, index) => {
    const before = sorted[index - 1];
    return before === undefined || time - before === 5 * MINUTE
      ? []
      : [`${(time - before) / MINUTE} minutes before ${new Date(time).toISOString()}`];
  });
}
