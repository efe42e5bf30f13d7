import { assessForm } from './assess.ts';
import { declareForm } from './declare.ts';
import type { Form, FormName } from './form.ts';
import { gapForm } from './gap.ts';
import { resolveForm } from './resolve.ts';
import { rolesForm } from './roles.ts';
import { updateForm } from './update.ts';

const FORMS: Readonly<Record<FormName, Form>> = {
  declare: declareForm,
  update: updateForm,
  gap: gapForm,
  roles: rolesForm,
  resolve: resolveForm,
  assess: assessForm,
};

/** The form of this name. */
export function formNamed(name: FormName): Form {
  return FORMS[name];
}

/** The form that a callback belongs to; null for one of another version. */
export function formOfCallback(callbackId: string): Form | null {
  return Object.values(FORMS).find(({ name }) => callbackId === callbackOf(name)) ?? null;
}

/** The `callback_id` under which Slack sends a form back. */
export function callbackOf(name: FormName): string {
  return `gapwatch:form:${name}`;
}
