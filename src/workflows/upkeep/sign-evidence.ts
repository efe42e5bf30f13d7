import { DAY, plus } from '#domain/base/time.ts';
import { loadLinks, unsignedIncidents } from '#store/event-store.ts';
import { type Signature, signHead } from '#store/signatures.ts';
import type { AppContext } from '#workflows/context.ts';
import { execute } from '#workflows/execute.ts';

/** Signs the record of an incident as it stands and keeps the signature in it. Null without a key. */
export async function signIncident(context: AppContext, number: number): Promise<Signature | null> {
  if (context.signingKey === null) return null;
  const signature = signHead(context.signingKey, number, await loadLinks(context.database, number), context.now());
  await execute(context, number, { kind: 'keep-signature', ...signature }, { kind: 'gapwatch' });
  return signature;
}

const KEY = 'sign-evidence';

/** Once a day every record that grew since its last signature is signed: a later rewrite of the whole database then shows. */
export async function signDaily(context: AppContext): Promise<void> {
  for (const number of await unsignedIncidents(context.database)) await signIncident(context, number);
  await planSigning(context, plus(context.now(), DAY));
}

/** Plans the next daily signing; one that is planned already stays. */
export async function planSigning(context: AppContext, dueAt: Date): Promise<void> {
  if (context.signingKey === null) return;
  await context.jobs.enqueue(context.database, { queue: 'timers', key: KEY, data: { kind: 'sign-evidence' }, dueAt }, context.now());
}

/** The statement as it goes along with a notice. */
export function statementFile({ statement, signature, publicKey }: Signature): string {
  return `${JSON.stringify({ statement, signature, publicKey }, null, 2)}\n`;
}
