import { expect } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '#domain/base/policy.ts';
import { MINUTE, plus } from '#domain/base/time.ts';
import type { Actor } from '#domain/incident/actor.ts';
import { type Command, permissionOf } from '#domain/incident/command.ts';
import type { Decision, RefusalReason } from '#domain/incident/concern.ts';
import { decide } from '#domain/incident/decide.ts';
import { effects, type Job } from '#domain/incident/effects.ts';
import type { IncidentEvent, RecordedEvent } from '#domain/incident/event.ts';
import { evolve, stateOf } from '#domain/incident/evolve.ts';
import type { Identity } from '#domain/incident/permission.ts';
import type { Incident } from '#domain/incident/state.ts';

// Tests of decisions import the core from here alone, so that a file that moves there is named once.
export { timerCommandSchema } from '#domain/incident/timer-command.ts';
export type { Actor, Command, IncidentEvent, RefusalReason };

/** `12:05`, `12:05:30`, or minutes after noon, on the day of the examples. */
export type Time = string | number;

/** Minutes in a day, for times that lie days after noon. */
export const A_DAY = 24 * 60;

/** The moment that a short time names, in UTC. Throws on anything else. */
export function clock(time: Time): Date {
  if (typeof time === 'number') return plus(new Date('2026-01-05T12:00:00Z'), time * MINUTE);
  if (!/^\d{2}:\d{2}(?::\d{2})?$/.test(time)) throw new TypeError(`a time reads 12:05 or 12:05:30, not "${time}"`);
  return new Date(`2026-01-05T${time}Z`);
}

/** Something that has happened. Without a time of its own it happened together with what is named before it. */
export type Happened = { readonly at: Time | null; readonly by: Actor; readonly event: (at: Date) => IncidentEvent };
export type History = Happened | readonly History[];

/** A part of a value: what it names must be so, what it leaves out may be anything. */
type Part<Value> = Value extends Date
  ? Value
  : Value extends readonly (infer Each)[]
    ? readonly Part<Each>[]
    : Value extends object
      ? { readonly [Name in keyof Value]?: Part<Value[Name]> }
      : Value;

type Kind = IncidentEvent['type'];

/** An event as an example expects it: its type, and those of its fields that matter there. */
export type Expected = { readonly [Type in Kind]: { readonly type: Type } & Part<IncidentEvent & { readonly type: Type }> }[Kind];

/** Who asks (robin, unless said), when (at the last known moment), and under which policy (the default, but for what is named). */
export type Asked = {
  readonly identity?: Identity;
  readonly by?: Actor;
  readonly at?: Time;
  readonly policy?: Partial<Policy>;
};

export type Given = { readonly when: (command: Command, asked?: Asked) => Then };

export type Then = {
  /** Exactly these events, in this order. */
  readonly decides: (...expected: readonly Expected[]) => After;
  /** A "no" with this reason and text; events only where they are named. */
  readonly refuses: (reason: RefusalReason, text: RegExp, ...kept: readonly Expected[]) => After;
  /** Neither events nor a refusal. */
  readonly decidesNothing: () => After;
};

/** After a decision its events are on the record: the next command is decided on top of them. */
export type After = Given & {
  readonly leaves: (state: Part<Incident>) => After;
  /** Jobs that the events ask for, among others. */
  readonly schedules: (...jobs: readonly Part<Job>[]) => After;
};

/** What an example showed of a command: that it leads to events, or why it was refused. */
export type Outcome = 'events' | RefusalReason;

/** Begins an example: `given([...events], note).when(command).decides(...)`. `note` hears what each command of it came to. */
export function given(history: History, note: (kind: Command['kind'], outcome: Outcome) => void): Given {
  const events = recorded(history);
  return { when: (command, asked) => when({ events, now: events.at(-1)?.at ?? clock('12:00'), note }, command, asked) };
}

/** The incident after this history. Throws for one that opens none. */
export function incidentAfter(...history: readonly History[]): Incident {
  const incident = stateOf(recorded(history));
  if (incident === null) throw new TypeError('this history opens no incident');
  return incident;
}

function recorded(history: History): readonly RecordedEvent[] {
  let now = clock('12:00');
  return flat(history).map(({ at, by, event }, index) => {
    if (at !== null) now = clock(at);
    return { sequence: index + 1, at: now, by, event: event(now) };
  });
}

function flat(history: History): readonly Happened[] {
  return 'event' in history ? [history] : history.flatMap(flat);
}

type Scene = {
  readonly events: readonly RecordedEvent[];
  readonly now: Date;
  readonly note: (kind: Command['kind'], outcome: Outcome) => void;
};

const ROBIN: Actor = { kind: 'person', slackId: 'U0000000001', name: 'robin' };

/** A member of the channel, as Slack has confirmed. */
const MEMBER: Identity = { channel: '#incidents', relation: 'member', groups: [] };

/** What only Gapwatch gives is given by it; all else is asked by robin, unless the example says who. */
function usually({ kind }: Command): Actor {
  return permissionOf(kind) === 'nobody' ? { kind: 'gapwatch' } : ROBIN;
}

function when({ events, now: before, note }: Scene, command: Command, asked: Asked = {}): Then {
  const { by = usually(command), identity = MEMBER, at, policy: named } = asked;
  const now = at === undefined ? before : clock(at);
  const policy = { ...DEFAULT_POLICY, ...named };
  const decision = decide(stateOf(events), command, { by, identity, now, policy });
  const decided = decision.events.map<RecordedEvent>((event, index) => ({ sequence: events.length + index + 1, at: now, by, event }));
  const after = { events: [...events, ...decided], now, note };
  const text = story(events, command, { by, now }, decision);
  return {
    decides: (...expected) => {
      expect(decision.refused, text).toBeUndefined();
      compare(decision.events, expected, text);
      if (expected.length > 0) note(command.kind, 'events');
      return afterwards(after, decided, policy, text);
    },
    refuses: (reason, message, ...kept) => {
      expect(decision.refused?.reason ?? 'not refused', text).toBe(reason);
      expect(decision.refused?.message, text).toMatch(message);
      compare(decision.events, kept, text);
      note(command.kind, reason);
      return afterwards(after, decided, policy, text);
    },
    decidesNothing: () => {
      expect(decision.refused, text).toBeUndefined();
      compare(decision.events, [], text);
      return afterwards(after, decided, policy, text);
    },
  };
}

function afterwards(scene: Scene, decided: readonly RecordedEvent[], policy: Policy, text: string): After {
  const after: After = {
    when: (command, asked) => when(scene, command, asked),
    leaves: (state) => {
      expect(scene.events.reduce<Incident | null>(evolve, null), text).toMatchObject(state);
      return after;
    },
    schedules: (...jobs) => {
      const incident = stateOf(scene.events);
      const before = stateOf(scene.events.slice(0, scene.events.length - decided.length));
      const asked = incident ? effects(before, incident, decided, policy) : [];
      for (const job of jobs) expect(asked, text).toContainEqual(expect.objectContaining(job));
      return after;
    },
  };
  return after;
}

function compare(events: readonly IncidentEvent[], expected: readonly Expected[], text: string): void {
  expect(events.map(nameOf), text).toEqual(expected.map(nameOf));
  for (const [index, event] of events.entries())
    expect(event, `event ${index + 1}, ${nameOf(event)}\n${text}`).toMatchObject(expected[index] ?? {});
}

/** `outbox.queued claimed`: enough to see at a glance which event is missing and which one is too many. */
function nameOf(event: Expected): string {
  if (event.type !== 'outbox.queued') return event.type;
  const { payload } = event;
  return `${event.type} ${payload?.kind === 'announcement' ? payload.name : payload?.kind}`;
}

function story(
  events: readonly RecordedEvent[],
  command: Command,
  { by, now }: Required<Pick<RecordedEvent, 'by'>> & { now: Date },
  decision: Decision,
): string {
  const line = (at: Date, event: IncidentEvent) => `  ${at.toISOString().slice(5, 19).replace('T', ' ')} ${nameOf(event)}`;
  const given = events.map(({ at, event }) => line(at, event));
  const asked = `  ${now.toISOString().slice(5, 19).replace('T', ' ')} ${by.kind === 'person' ? by.name : by.kind}: ${JSON.stringify(command)}`;
  const refused = decision.refused ? [`  refused (${decision.refused.reason}): ${decision.refused.message}`] : [];
  return ['', 'given', ...given, 'when', asked, 'then', ...decision.events.map((event) => line(now, event)), ...refused, ''].join('\n');
}
