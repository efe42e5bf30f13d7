import type { Incident } from '#domain/incident/state.ts';
import type { AppContext } from '#workflows/context.ts';
import type { Requester } from '#workflows/execute.ts';
import type { Field, Values } from './field.ts';

export type FormName = 'declare' | 'update' | 'gap' | 'roles' | 'resolve' | 'assess';

/** A form: what it shows, from the incident's state alone, and what submitting it does. */
export type Form = {
  readonly name: FormName;
  /** At most 24 characters, as Slack has it. */
  readonly title: string;
  readonly submit: string;
  readonly fields: (incident: Incident | null, context: Pick<AppContext, 'policy' | 'now'>) => readonly Field[];
  readonly take: (context: AppContext, submitted: Submitted) => Promise<Taken>;
};

export type Submitted = { readonly incident: Incident | null; readonly values: Values; readonly requester: Requester };

/** What became of a form: kept, or not, with a sentence beside the fields that it is about; what was typed stays. */
export type Taken = { readonly kind: 'kept' } | { readonly kind: 'wrong'; readonly errors: Readonly<Record<string, string>> };

export const KEPT: Taken = { kind: 'kept' };

/** A form that can't be taken, with the sentence shown beside one field. */
export function wrong(field: string, sentence: string): Taken {
  // Slack shows at most so much beside a field.
  return { kind: 'wrong', errors: { [field]: sentence.slice(0, 2_000) } };
}
