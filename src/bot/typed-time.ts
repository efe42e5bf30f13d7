import { isTimeZone, parseLocalMoment } from '#domain/base/local-time.ts';
import { plus } from '#domain/base/time.ts';
import type { Person } from '#domain/incident/actor.ts';
import type { AppContext } from '#workflows/context.ts';
import { userOf } from './people.ts';
import { typedDuration } from './typed.ts';

/** What a time may look like, for a person whose time was none. */
export const TIME_EXAMPLES =
  'Write it as `9:57am` or `14:30` in your own time zone, or with its zone: `14:57 UTC`, `2026-01-05 14:57 UTC`.';

/** A time that was read, and how: `how` is a sentence for the one who typed it, empty where their words leave nothing to guess. */
export type TypedTime = { readonly at: Date; readonly how: string };

/** Reads a time as a person types it, in the zone that their Slack is set to; in UTC where Slack does not say that in time. Null: it is none. */
export async function readMoment(context: AppContext, { slackId }: Person, text: string): Promise<TypedTime | null> {
  const zone = (await userOf(context, slackId))?.timeZone ?? null;
  const known = zone !== null && isTimeZone(zone) ? zone : null;
  const read = parseLocalMoment(text, context.now(), known ?? 'UTC');
  return read && { at: read.at, how: read.isNamed ? '' : zoneWords(known) };
}

/** Reads a time ahead: a duration from now such as `15m`, or a time as {@link readMoment} takes it. Null: it is neither. */
export async function readTimeAhead(context: AppContext, person: Person, text: string): Promise<TypedTime | null> {
  const length = typedDuration(text);
  if (length !== null) return { at: plus(context.now(), length), how: '' };
  return readMoment(context, person, text.replace(/^\s*(?:by|until)\s*(?=\d)/i, ''));
}

function zoneWords(zone: string | null): string {
  if (zone === null) return 'Slack did not say your time zone, so your time was read in UTC.';
  return zone === 'Etc/UTC' ? 'Your time was read in UTC.' : `Your time was read in ${zone}, the time zone of your Slack.`;
}
