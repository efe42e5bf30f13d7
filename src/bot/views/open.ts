import { z } from 'zod';
import type { Asker } from '#bot/reply.ts';
import { refuseUnlessOpen } from '#domain/incident/concern.ts';
import { stateOf } from '#domain/incident/evolve.ts';
import type { AppContext } from '#workflows/context.ts';
import { load } from '#workflows/execute.ts';
import { blockOf, type Field, type FormView, plain, type Values } from './field.ts';
import type { Form, FormName } from './form.ts';
import { callbackOf, formNamed } from './index.ts';

/** What a form carries along: which incident it is about, and how far its record went when it was filled in. */
export const metadataSchema = z.object({ incident: z.number().int().nullable(), version: z.number().int() });
export type Metadata = z.infer<typeof metadataSchema>;

/** What only an open incident takes: the button of an old message is told so before anything is typed into a form. */
const NEEDS_OPEN: ReadonlySet<FormName> = new Set<FormName>(['update', 'resolve']);

/** Opens a form for the person who asked. Returns the words they read if it was not opened; nothing otherwise. */
export async function openForm(context: AppContext, { openView }: Asker, name: FormName, number: number | null): Promise<string> {
  const form = formNamed(name);
  const events = number === null ? [] : (await load(context, number)).events;
  const incident = stateOf(events);
  const closed = incident && NEEDS_OPEN.has(name) ? refuseUnlessOpen(incident) : null;
  if (closed?.refused) return closed.refused.message;
  const fields = form.fields(incident, context);
  try {
    await openView(viewOf(form, fields, { incident: number, version: events.length }));
    return '';
  } catch (error) {
    context.log.warn({ err: error, form: name }, 'a form could not be opened');
    return `Slack did not open the form. Press again, or type: \`/incident help\` lists the commands that do the same.`;
  }
}

/** A form as a view; `values` replace what the fields show at first. */
export function viewOf(form: Form, fields: readonly Field[], metadata: Metadata, values: Values = {}): FormView {
  const filled = fields.map((field) => {
    if (field.kind === 'words' || field.kind === 'tick') return field;
    const typed = values[field.id];
    return typed === undefined ? field : { ...field, initial: typed };
  });
  return {
    type: 'modal',
    callback_id: callbackOf(form.name),
    private_metadata: JSON.stringify(metadata),
    title: plain(form.title),
    submit: plain(form.submit),
    close: plain('Cancel'),
    blocks: filled.map(blockOf),
  };
}
