import { hiddenWords, typedText } from '#bot/typed.ts';
import { escapeMrkdwn } from '#domain/base/text/mrkdwn.ts';
import { formatUtc } from '#domain/base/time.ts';
import { actorName } from '#domain/incident/actor.ts';
import type { RecordedEvent } from '#domain/incident/event.ts';
import { evolve, stateOf } from '#domain/incident/evolve.ts';
import type { Incident } from '#domain/incident/state.ts';
import type { AppContext } from '#workflows/context.ts';
import { load, type Requester } from '#workflows/execute.ts';
import { type Field, type FormView, submittedSchema, type Values, valuesOf } from './field.ts';
import { type Form, wrong } from './form.ts';
import { formOfCallback } from './index.ts';
import { metadataSchema, viewOf } from './open.ts';

/** What Slack is answered to a submitted form: nothing more, a sentence beside a field, or the form again. */
export type FormAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'wrong'; readonly errors: Readonly<Record<string, string>> }
  | { readonly kind: 'again'; readonly view: FormView };

/**
 * Takes a submitted form. Where somebody else has changed what this person is about to overwrite, the form comes back with their words
 * and what the other wrote; sent again, it replaces it. What was not touched overwrites nothing.
 */
export async function submitForm(context: AppContext, raw: unknown, requester: Requester): Promise<FormAnswer> {
  const submitted = submittedSchema.parse(raw);
  const form = formOfCallback(submitted.callback_id);
  const values = valuesOf(submitted);
  const [firstField = 'value'] = Object.keys(submitted.state.values);
  if (!form) return wrongAnswer(firstField, 'This form belongs to another version of Gapwatch. Close it and open it anew.');
  const { incident: number, version } = metadataSchema.parse(JSON.parse(submitted.private_metadata));
  const events = number === null ? [] : (await load(context, number)).events;
  const incident = stateOf(events);
  const before = form.fields(stateOf(events.slice(0, version)), context);
  const now = form.fields(incident, context);
  const conflicts = conflictsOf(form, { before, now, values, events, version, context });
  if (conflicts.length > 0) {
    const text: Field = { kind: 'words', text: conflicts.join('\n') };
    return { kind: 'again', view: viewOf(form, [text, ...now], { incident: number, version: events.length }, values) };
  }
  const taken = await form.take(context, { incident, values: withoutUntouched(before, now, values), requester });
  if (taken.kind === 'kept') await tellHidden(context, before, values, requester);
  return taken.kind === 'kept' ? { kind: 'done' } : { kind: 'wrong', errors: taken.errors };
}

/** A form closes without a word, so what was hidden of what was typed is told in the channel, to this person alone. */
async function tellHidden(context: AppContext, fields: readonly Field[], values: Values, { person }: Requester): Promise<void> {
  const texts = fields.flatMap((field) => (field.kind === 'text' ? [values[field.id] ?? ''] : []));
  const hidden = hiddenWords(
    texts.join('\n'),
    texts.map((text) => typedText(text)),
  );
  if (hidden === '') return;
  const tell = async () => context.slack.whisper(await context.slack.channelId(), person.slackId, hidden);
  void tell().catch((error: unknown) => context.log.info({ err: error }, 'what was hidden of a form could not be told'));
}

function wrongAnswer(field: string, sentence: string): FormAnswer {
  const taken = wrong(field, sentence);
  return { kind: 'wrong', errors: taken.kind === 'wrong' ? taken.errors : {} };
}

/** A field that the person left as it was takes the value that it has now. */
function withoutUntouched(before: readonly Field[], now: readonly Field[], values: Values): Values {
  const current = now.flatMap((field) => {
    const id = idOf(field);
    return id !== null && values[id] === initialOf(before, id) ? [[id, initialOf(now, id)] as const] : [];
  });
  return { ...values, ...Object.fromEntries(current) };
}

type Comparison = {
  readonly before: readonly Field[];
  readonly now: readonly Field[];
  readonly values: Values;
  readonly events: readonly RecordedEvent[];
  readonly version: number;
  readonly context: AppContext;
};

function conflictsOf(form: Form, { before, now, values, events, version, context }: Comparison): readonly string[] {
  return now.flatMap((field) => {
    const id = idOf(field);
    if (id === null || !('label' in field)) return [];
    const [was, is, typed] = [initialOf(before, id), initialOf(now, id), values[id] ?? ''];
    if (was === is || typed === was || typed === is) return [];
    const change = lastChange(form, id, events, version, context);
    const who = change ? `${change.who} changed` : 'somebody changed';
    const when = change ? ` at ${formatUtc(change.at)}` : '';
    return [
      `⚠️ While you wrote, ${escapeMrkdwn(who)} *${escapeMrkdwn(field.label)}*${when} to: “${escapeMrkdwn(is.slice(0, 500))}”. Send again to replace it.`,
    ];
  });
}

/** Who gave a field its value last, after `version`. */
function lastChange(form: Form, id: string, events: readonly RecordedEvent[], version: number, context: AppContext) {
  let state: Incident | null = stateOf(events.slice(0, version));
  let value = initialOf(form.fields(state, context), id);
  let found: { readonly who: string; readonly at: Date } | null = null;
  for (const recorded of events.slice(version)) {
    state = evolve(state, recorded);
    const next = initialOf(form.fields(state, context), id);
    if (next !== value) found = { who: actorName(recorded.by), at: recorded.at };
    value = next;
  }
  return found;
}

function idOf(field: Field): string | null {
  return field.kind === 'words' || field.kind === 'tick' ? null : field.id;
}

function initialOf(fields: readonly Field[], id: string): string {
  const field = fields.find((each) => idOf(each) === id);
  return field && 'initial' in field ? field.initial : '';
}
