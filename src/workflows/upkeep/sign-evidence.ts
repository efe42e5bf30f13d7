import { DAY, plus, utcStamp } from '#domain/base/time.ts';
import { ServiceFailure } from '#services/failure.ts';
import { loadLinks, unsignedIncidents } from '#store/event-store.ts';
import { sha256 } from '#store/hash-chain.ts';
import { closeLedger, statementOfHead } from '#store/ledger.ts';
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

/** A bucket that is away holds nothing up: the next day's statement covers everything before it. */
async function keepInBucket({ sources: { bucket }, log, now }: AppContext, statement: Signature): Promise<void> {
  if (!('service' in bucket)) return;
  const name = `ledger/${utcStamp(now())}-${sha256(statement.statement).slice(0, 12)}.json`;
  try {
    await bucket.service.storeManifest(name, statementFile(statement));
  } catch (error) {
    if (!(error instanceof ServiceFailure)) throw error;
    log.warn({ outcome: error.outcome }, `the ledger's statement did not reach the bucket: ${error.message}`);
  }
}

const KEY = 'sign-evidence';

/**
 * Closes the ledger of the whole installation as it stands and signs it. Returns what is signed, as it goes along with each notice. Null
 * without a key: the ledger is closed all the same.
 */
export async function signLedger(context: Pick<AppContext, 'database' | 'signingKey' | 'now'>): Promise<Signature | null> {
  return statementOfHead(await closeLedger(context.database, context.signingKey, context.now()));
}

/**
 * Once a day every record that grew since its last signature is signed, and then the ledger of the whole installation: a later rewrite of
 * the database shows to whoever kept a statement. Where archives have a bucket, the ledger's statement goes there too.
 */
export async function signDaily(context: AppContext): Promise<void> {
  for (const number of await unsignedIncidents(context.database)) await signIncident(context, number);
  const statement = await signLedger(context);
  if (statement !== null) await keepInBucket(context, statement);
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
