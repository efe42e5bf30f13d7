import { setTimeout } from 'node:timers/promises';
import { formatDuration, formatUtc, MINUTE, type Milliseconds, SECOND } from '#domain/base/time.ts';
import { remedyOf, stepOf } from '#domain/incident/remedy-runs.ts';
import { type Incident, incidentName, type RemedyRun } from '#domain/incident/state.ts';
import { type ArchiveOptions, archiveManifest, parseArchive } from '#domain/remedies/archive.ts';
import type { AuditArchive, Deletion } from '#services/database/archive-source.ts';
import type { ServiceFailure } from '#services/failure.ts';
import type { ArchiveBucket } from '#services/s3/archive-bucket.ts';
import { forgetKeys, keepKeys, markDeleted, nextKeys } from '#store/archived-keys.ts';
import type { AppContext } from '#workflows/context.ts';
import { load } from '#workflows/execute.ts';
import { keepStep, type Taken } from './remedy-step.ts';

type Parts = {
  readonly context: AppContext;
  readonly incident: Incident;
  readonly run: RemedyRun;
  readonly bucket: ArchiveBucket;
  readonly source: AuditArchive;
  /** The object's name in the bucket. */
  readonly name: string;
  readonly cutoff: Date;
};

/**
 * Runbook step 9, one safe point after the other: export, upload and read back; delete by key; vacuum. Nothing is deleted before the archive
 * was read back whole, and no record is ever in neither place: what was not archived has no key here.
 */
export async function takeArchiveStep(context: AppContext, incident: Incident, run: RemedyRun): Promise<Taken> {
  const { bucket, archive } = context.sources;
  if (!('service' in bucket) || !('service' in archive))
    return { outcome: 'failed', message: `Its settings are gone. ${whereItStands(run)}` };
  const options = parseArchive(run.argument);
  if ('wrong' in options) return { outcome: 'refused', message: options.wrong };
  const target = run.plan?.target ?? '';
  const name = `${target.slice(0, 10)}-${incidentName(incident.number)}-${run.request}.csv.gz.pgp`;
  const parts = { context, incident, run, bucket: bucket.service, source: archive.service, name, cutoff: new Date(target) };
  if (stepOf(run, 'deleted')) return finish(parts, options);
  if (run.stoppedBy !== null) return { outcome: 'stopped', message: `${run.stoppedBy} stopped it. ${whereItStands(run)}` };
  return stepOf(run, 'archived') ? remove(parts) : store(parts);
}

/** How long before a step that met a failure is taken again. After as many failures people are told where it stands. */
const AGAIN_IN: readonly Milliseconds[] = [5 * SECOND, 30 * SECOND, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE];

/** A step of an archive met a failure: what was refused ends it, anything else is tried again a few times. */
export async function archiveStepFailed(
  context: AppContext,
  incident: Incident,
  { request }: RemedyRun,
  failure: ServiceFailure,
): Promise<Taken> {
  const { incident: current } = await load(context, incident.number);
  const run = current && remedyOf(current.remedies, request);
  if (!current || !run) return 'again';
  const failures = run.progress.filter(({ step }) => step.startsWith('failed/')).length;
  const againIn = AGAIN_IN[failures];
  if (failure.outcome === 'refused' || againIn === undefined) {
    return { outcome: 'failed', message: `${failure.message}. ${whereItStands(run)}` };
  }
  const text = `${failure.message}; tried again in ${formatDuration(againIn)}. ${whereItStands(run)}`;
  await keepStep({ context, incident: current, run }, `failed/${failures + 1}`, text, {});
  return { againIn };
}

/** What is true of the records, whatever came between: where they are, and whether any was deleted. */
export function whereItStands(run: RemedyRun): string {
  const archived = stepOf(run, 'archived')?.data;
  if (!archived) return 'Nothing was deleted.';
  const { rows = '', place = '' } = archived;
  if (stepOf(run, 'deleted')) return `All ${rows} records are in ${place} and deleted here.`;
  const deleting = run.progress.findLast(({ step }) => step.startsWith('deleting/'));
  return deleting
    ? `All ${rows} records are in ${place}; of these at least ${deleting.data.deleted} are deleted here, the others are in both places.`
    : `All ${rows} records are in ${place}, and few or none of them are deleted here.`;
}

/** An export that a crash has cut off begins again: its keys are forgotten, and its object is written over. */
async function store(parts: Parts): Promise<Taken> {
  const { context, run, bucket, source, name, cutoff } = parts;
  const { table, archivable } = await source.inventory(cutoff);
  const { key } = archivable;
  await forgetKeys(context.database, run.request);
  let batch = 0;
  let keys = 0;
  const { rows, result } = await source.exportRows(
    { table, key, cutoff },
    (stream) => bucket.store(name, stream),
    async (some) => {
      await keepKeys(context.database, run.request, batch, some);
      batch += 1;
      keys += some.length;
    },
  );
  if (rows !== keys)
    return { outcome: 'failed', message: `The archive holds ${rows} rows and ${keys} keys were read. Nothing was deleted.` };
  const { stored } = result;
  const manifest = archiveManifest({ table, cutoff, rows, stored, key });
  await bucket.storeManifest(`${name}.manifest.json`, manifest);
  const wrong = (await result.wrong()) ?? (await wrongManifest(parts, manifest));
  if (wrong !== null) return { outcome: 'failed', message: `The archive was read back and is not right: ${wrong}. Nothing was deleted.` };
  const place = bucket.addressOf(name);
  const text = `${rows} records are in ${place}, read back and decrypted: ${stored.bytes} bytes with SHA-256 ${stored.sha256}; as CSV ${stored.plainBytes} bytes with SHA-256 ${stored.plainSha256}`;
  await keepStep(parts, 'archived', text, { rows: String(rows), place, sha256: stored.sha256, plainSha256: stored.plainSha256 });
  return 'next';
}

async function wrongManifest({ bucket, name }: Parts, written: string): Promise<string | null> {
  return (await bucket.manifest(`${name}.manifest.json`)) === written ? null : 'its manifest is not what was written';
}

/** With somebody waiting for the table, or a replica this far behind, the next batch waits, for a minute at most. */
const PRESSED_PAUSE_MILLISECONDS = 1_000;
const MOST_PRESSED_PAUSES = 60;
const MOST_LAG_SECONDS = 10;

async function remove(parts: Parts): Promise<Taken> {
  const { context, incident, run, source, cutoff } = parts;
  const rows = Number(stepOf(run, 'archived')?.data.rows);
  const { table, archivable } = await source.inventory(cutoff);
  return source.deleting(table, archivable.key, async (deletion) => {
    for (;;) {
      const { incident: current } = await load(context, incident.number);
      const now = (current && remedyOf(current.remedies, run.request)) ?? run;
      if (now.stoppedBy !== null) return { outcome: 'stopped', message: `${now.stoppedBy} stopped it. ${whereItStands(now)}` };
      const next = await nextKeys(context.database, run.request);
      if (next === null) break;
      const began = performance.now();
      await deletion.remove(next.keys);
      await markDeleted(context.database, run.request, next.batch);
      const deleted = Math.min(rows, (next.batch + 1) * BATCH);
      const tenth = Math.floor((deleted / rows) * 10);
      if (tenth > 0)
        await keepStep(parts, `deleting/${tenth}`, `${deleted} of ${rows} archived records are deleted`, { deleted: String(deleted) });
      await pause(deletion, performance.now() - began);
    }
    const { archivable: left } = await source.inventory(cutoff);
    await keepStep(parts, 'deleted', `the ${rows} archived records are deleted; ${left.rows} others from before then are there`, {});
    return 'next';
  });
}

/** Keys of a batch, as the source hands them out. */
const BATCH = 5_000;

/** As long as the batch took, so that others have at least half of the database's time; longer while they suffer. */
async function pause(deletion: Deletion, batchMilliseconds: number): Promise<void> {
  await setTimeout(batchMilliseconds);
  for (let pauses = 0; pauses < MOST_PRESSED_PAUSES; pauses += 1) {
    const { waiting, lag } = await deletion.pressure();
    if (waiting === 0 && lag <= MOST_LAG_SECONDS) return;
    await setTimeout(PRESSED_PAUSE_MILLISECONDS);
  }
}

async function finish(parts: Parts, { full }: ArchiveOptions): Promise<Taken> {
  const { context, run, source, cutoff } = parts;
  const { table } = await source.inventory(cutoff);
  const remarks = await source.vacuum(table, full);
  await forgetKeys(context.database, run.request);
  const { targetPercent } = context.policy.disk;
  const used = await diskUse(context);
  const disk =
    used === null
      ? 'The disk can’t be measured.'
      : `The disk is ${used.toFixed(1)} % full; the target of ${targetPercent} % is ${used <= targetPercent ? 'met' : 'not met'}.`;
  const vacuumed = remarks.length === 0 ? `VACUUM${full ? ' FULL' : ''} was run.` : `VACUUM remarked: ${remarks.join('; ')}.`;
  return {
    outcome: 'done',
    message: `${whereItStands(run)} Verified there before the first was deleted. ${vacuumed} ${disk} (${formatUtc(context.now())})`,
  };
}

/** Percent of the disk in use, as the platform measures it; null when it does not say. */
export async function diskUse({ sources }: AppContext): Promise<number | null> {
  if (!('service' in sources.cluster)) return null;
  const disk = await sources.cluster.service.disk().catch(() => null);
  return disk?.usedPercent ?? null;
}
