import { DAY, plus } from '#domain/base/time.ts';
import { loadLinks, unsignedIncidents } from '#store/event-store.ts';
import { type Signature, signHead } from '#store/signatures.ts';
import type { House } from '#workflows/context.ts';
import { handle } from '#workflows/execute.ts';

/** Signs the record of an incident as it stands and keeps the signature in it. Null without a key. */
export async function signIncident(house: House, number: number): Promise<Signature | null> {
  if (house.signingKey === null) return null;
  const signature = signHead(house.signingKey, number, await loadLinks(house.database, number), house.now());
  await handle(house, number, { kind: 'keep-signature', ...signature }, { kind: 'gapwatch' });
  return signature;
}

const KEY = 'sign-evidence';

/** Once a day every record that grew since its last signature is signed: a later rewrite of the whole database then shows. */
export async function signDaily(house: House): Promise<void> {
  for (const number of await unsignedIncidents(house.database)) await signIncident(house, number);
  await planSigning(house, plus(house.now(), DAY));
}

/** Plans the next daily signing; one that is planned already stays. */
export async function planSigning(house: House, dueAt: Date): Promise<void> {
  if (house.signingKey === null) return;
  await house.jobs.enqueue(house.database, { queue: 'timers', key: KEY, data: { kind: 'sign-evidence' }, dueAt }, house.now());
}

/** The statement as it goes along with a notice. */
export function statementFile({ statement, signature, publicKey }: Signature): string {
  return `${JSON.stringify({ statement, signature, publicKey }, null, 2)}\n`;
}
