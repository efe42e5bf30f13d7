import { z } from 'zod';
import { tableNamed } from '#domain/audit-table/sql.ts';
import { formatUtc } from '#domain/base/time.ts';
import { remedyOf, stepOf } from '#domain/incident/remedy-runs.ts';
import type { Incident, RemedyRun } from '#domain/incident/state.ts';
import { backupOf, type Shape, shapeSchema } from '#domain/remedies/recreate-table.ts';
import type { TableRecreation } from '#services/database/table-recreation.ts';
import type { Migrations } from '#services/migrations-command.ts';
import { checkVerdict } from '#workflows/checks/verdict.ts';
import type { AppContext } from '#workflows/context.ts';
import { load } from '#workflows/execute.ts';
import { keepStep, lastRecord, type Taken } from './remedy-step.ts';

type Parts = {
  readonly context: AppContext;
  readonly incident: Incident;
  readonly run: RemedyRun;
  readonly recreation: TableRecreation;
  readonly migrations: Migrations;
};

/**
 * Runbook step 10, one safe point after the other: back up and compare, run the migrations once, bring the records back, check the schema. The
 * migrations are never run twice: when their end is not known, people are told where the records are.
 */
export async function takeRecreateStep(context: AppContext, incident: Incident, run: RemedyRun): Promise<Taken> {
  const { recreation, migrations } = context.sources;
  if (!('service' in recreation) || !('service' in migrations))
    return { outcome: 'failed', message: `Its settings are gone. ${whereRecordsAre(run)}` };
  const parts = { context, incident, run, recreation: recreation.service, migrations: migrations.service };
  const began = stepOf(run, 'migrating');
  if (!began && run.stoppedBy !== null) return { outcome: 'stopped', message: `${run.stoppedBy} stopped it. ${whereRecordsAre(run)}` };
  if (!stepOf(run, 'backed-up')) return backUp(parts);
  if (!began) return migrate(parts);
  const migrated = stepOf(run, 'migrated');
  if (!migrated) {
    return {
      outcome: 'failed',
      message: `The migrations were begun at ${formatUtc(began.at)}, and their end is not known; they are not run again. ${whereRecordsAre(run)} Look at the table with \`/audit schema\`.`,
    };
  }
  return stepOf(run, 'restored') ? check(parts) : restore(parts);
}

/** A step that met a failure for good. */
export function recreationFailed(run: RemedyRun, why: string): Taken {
  const what = stepOf(run, 'migrated') ? 'The records could not be brought back' : 'The backup could not be made';
  return { outcome: 'failed', message: `${what}: ${why}. ${whereRecordsAre(run)}` };
}

/** What is true of the records, whatever came between. */
function whereRecordsAre(run: RemedyRun): string {
  const backup = stepOf(run, 'backed-up')?.data;
  if (!backup) return 'Nothing was changed.';
  const where =
    backup.name === '' ? 'There was no table to back up.' : `All ${backup.rows} records are in the backup ${backup.schema}.${backup.name}.`;
  const restored = stepOf(run, 'restored');
  if (restored) return `${where} ${sentence(restored.line)}`;
  return stepOf(run, 'migrating') ? where : `${where} The table itself was not changed.`;
}

async function backUp(parts: Parts): Promise<Taken> {
  const { run, recreation } = parts;
  const status = await recreation.status();
  if (status.kind === 'missing') {
    await keepStep(parts, 'backed-up', 'there is no table to back up', { schema: '', name: '', rows: '0', rights: '[]' });
    return 'next';
  }
  const backup = backupOf(status.table, run.request);
  const { rows, rights } = await recreation.backUp(status.table, backup);
  await keepStep(parts, 'backed-up', `${rows} records are in the backup ${backup.schema}.${backup.name}; count and digest are the same`, {
    schema: backup.schema,
    name: backup.name,
    rows: String(rows),
    rights: JSON.stringify(rights),
  });
  return 'next';
}

async function migrate(parts: Parts): Promise<Taken> {
  const { context, incident, run, migrations } = parts;
  await keepStep(parts, 'migrating', `the migrations begin: ${migrations.command.join(' ')}`, {});
  const { how, text, lines } = await migrations.run();
  const said = lines.length === 0 ? 'It printed nothing.' : `Its last lines: ${lines.join(' / ')}`;
  if (how === 'succeeded') {
    await keepStep(parts, 'migrated', `the migrations ran: ${text}. ${said}`, {});
    return 'next';
  }
  const { incident: current } = await load(context, incident.number);
  const now = (current && remedyOf(current.remedies, run.request)) ?? run;
  return {
    outcome: 'failed',
    message: `The migrations did not succeed: ${text}. ${said} ${whereRecordsAre(now)} Look at the table with \`/audit schema\`.`,
  };
}

async function restore(parts: Parts): Promise<Taken> {
  const { context, run, recreation } = parts;
  const { schema = '', name = '', rights } = stepOf(run, 'backed-up')?.data ?? {};
  if (name === '') {
    await keepStep(parts, 'restored', 'there was nothing to bring back', {});
    return 'next';
  }
  const backup = tableNamed(schema, name, context.auditTable.column);
  const { inserted, missing, rows, leftOut } = await recreation.restore(backup, rightsOf(rights));
  if (missing > 0)
    return { outcome: 'failed', message: `${missing} records of the backup could not be brought back. ${whereRecordsAre(run)}` };
  const columns = leftOut.length === 0 ? '' : `; the new table has no ${leftOut.join(', ')}: these values are in the backup alone`;
  await keepStep(
    parts,
    'restored',
    `${inserted} records were brought back, ${rows} are in the table now, none of the backup is missing${columns}`,
    {},
  );
  return 'next';
}

/** The effect is looked at by the check that gave the reason; then records must return, as after every remedy. */
async function check(parts: Parts): Promise<Taken> {
  const { context, incident, run } = parts;
  const verdict = await checkVerdict(context, 'schema', '');
  if (verdict.level !== 'ok' && verdict.level !== 'low') {
    const differences = verdict.figures.map(({ name, value }) => `${name}: ${value}`).join('; ');
    return {
      outcome: 'failed',
      message: `\`/audit schema\` still finds: ${verdict.evidence} ${differences} ${whereRecordsAre(run)}`.replace('  ', ' '),
    };
  }
  await keepStep(parts, 'done', 'the table is as the application expects it; now records are looked for', {
    lastRecord: await lastRecord(context, incident),
  });
  return 'next';
}

function rightsOf(text: string | undefined): Shape['rights'] {
  return z.object({ rights: shapeSchema.shape.rights }).parse({ rights: JSON.parse(text ?? '[]') }).rights;
}

function sentence(line: string): string {
  return `${line.charAt(0).toUpperCase()}${line.slice(1)}.`;
}
