import { z } from 'zod';
import { formatUtc } from '#domain/base/time.ts';
import { type RemedyRun, remedyOf, stepOf } from '#domain/incident/remedy-runs.ts';
import type { Incident } from '#domain/incident/state.ts';
import { backupOf, type Shape, shapeSchema } from '#domain/remedies/recreate-table.ts';
import type { TableRecreation } from '#services/database/table-recreation.ts';
import type { Migrations } from '#services/migrations-command.ts';
import { verdictOf } from '#workflows/checks/verdict.ts';
import type { House } from '#workflows/context.ts';
import { load } from '#workflows/execute.ts';
import { keepStep, lastRecord, type Taken } from './remedy-step.ts';

type Parts = {
  readonly house: House;
  readonly incident: Incident;
  readonly run: RemedyRun;
  readonly recreation: TableRecreation;
  readonly migrations: Migrations;
};

/**
 * Runbook step 10, one safe point after the other: back up and compare, run the migrations once, bring the records back, check the schema. The
 * migrations are never run twice: when their end is not known, people are told where the records are.
 */
export async function takeRecreateStep(house: House, incident: Incident, run: RemedyRun): Promise<Taken> {
  const { recreation, migrations } = house.sources;
  if (!('service' in recreation) || !('service' in migrations))
    return { outcome: 'failed', says: `Its settings are gone. ${whereRecordsAre(run)}` };
  const parts = { house, incident, run, recreation: recreation.service, migrations: migrations.service };
  const began = stepOf(run, 'migrating');
  if (!began && run.stoppedBy !== null) return { outcome: 'stopped', says: `${run.stoppedBy} stopped it. ${whereRecordsAre(run)}` };
  if (!stepOf(run, 'backed-up')) return backUp(parts);
  if (!began) return migrate(parts);
  const migrated = stepOf(run, 'migrated');
  if (!migrated) {
    return {
      outcome: 'failed',
      says: `The migrations were begun at ${formatUtc(began.at)}, and their end is not known; they are not run again. ${whereRecordsAre(run)} Look at the table with \`/audit schema\`.`,
    };
  }
  return stepOf(run, 'restored') ? check(parts) : restore(parts);
}

/** A step that met a failure for good. */
export function recreationFailed(run: RemedyRun, why: string): Taken {
  const what = stepOf(run, 'migrated') ? 'The records could not be brought back' : 'The backup could not be made';
  return { outcome: 'failed', says: `${what}: ${why}. ${whereRecordsAre(run)}` };
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
  const standing = await recreation.standing();
  if (standing.kind === 'missing') {
    await keepStep(parts, 'backed-up', 'there is no table to back up', { schema: '', name: '', rows: '0', rights: '[]' });
    return 'next';
  }
  const backup = backupOf(standing.table, run.request);
  const { rows, rights } = await recreation.backUp(standing.table, backup);
  await keepStep(parts, 'backed-up', `${rows} records are in the backup ${backup.schema}.${backup.name}; count and digest are the same`, {
    schema: backup.schema,
    name: backup.name,
    rows: String(rows),
    rights: JSON.stringify(rights),
  });
  return 'next';
}

async function migrate(parts: Parts): Promise<Taken> {
  const { house, incident, run, migrations } = parts;
  await keepStep(parts, 'migrating', `the migrations begin: ${migrations.command.join(' ')}`, {});
  const { how, words, lines } = await migrations.run();
  const said = lines.length === 0 ? 'It printed nothing.' : `Its last lines: ${lines.join(' / ')}`;
  if (how === 'succeeded') {
    await keepStep(parts, 'migrated', `the migrations ran: ${words}. ${said}`, {});
    return 'next';
  }
  const { incident: current } = await load(house, incident.number);
  const now = (current && remedyOf(current.remedies, run.request)) ?? run;
  return {
    outcome: 'failed',
    says: `The migrations did not succeed: ${words}. ${said} ${whereRecordsAre(now)} Look at the table with \`/audit schema\`.`,
  };
}

async function restore(parts: Parts): Promise<Taken> {
  const { house, run, recreation } = parts;
  const { schema = '', name = '', rights } = stepOf(run, 'backed-up')?.data ?? {};
  if (name === '') {
    await keepStep(parts, 'restored', 'there was nothing to bring back', {});
    return 'next';
  }
  const backup = { schema, name, column: house.auditTable.column, hasTimeZone: false, isIndexed: false };
  const { inserted, missing, rows, leftOut } = await recreation.restore(backup, rightsOf(rights));
  if (missing > 0)
    return { outcome: 'failed', says: `${missing} records of the backup could not be brought back. ${whereRecordsAre(run)}` };
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
  const { house, incident, run } = parts;
  const verdict = await verdictOf(house, 'schema', '');
  if (verdict.level !== 'ok' && verdict.level !== 'low') {
    const differences = verdict.figures.map(({ name, value }) => `${name}: ${value}`).join('; ');
    return {
      outcome: 'failed',
      says: `\`/audit schema\` still finds: ${verdict.evidence} ${differences} ${whereRecordsAre(run)}`.replace('  ', ' '),
    };
  }
  await keepStep(parts, 'done', 'the table is as the application expects it; now records are looked for', {
    lastRecord: await lastRecord(house, incident),
  });
  return 'next';
}

function rightsOf(text: string | undefined): Shape['rights'] {
  return z.object({ rights: shapeSchema.shape.rights }).parse({ rights: JSON.parse(text ?? '[]') }).rights;
}

function sentence(line: string): string {
  return `${line.charAt(0).toUpperCase()}${line.slice(1)}.`;
}
