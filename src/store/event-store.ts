import { z } from 'zod';
import type { RecordedEvent } from '#domain/incident/event.ts';
import type { Incident } from '#domain/incident/state.ts';
import type { Queryable } from './database.ts';
import { GENESIS, type Link, link, unlink } from './hash-chain.ts';

const factRow = z.object({ sequence: z.number(), body: z.string(), hash: z.string() });
const numberRow = z.object({ number: z.number() });

/** All links of an incident's chain, in order. One index range read. */
export async function loadLinks(client: Queryable, incident: number): Promise<readonly Link[]> {
  const { rows } = await client.query('select sequence, body, hash from gapwatch.facts where incident = $1 order by sequence', [incident]);
  return rows.map((row) => factRow.parse(row));
}

/** The links from `sequence` on, in order. One index range read. */
export async function loadLinksFrom(client: Queryable, incident: number, sequence: number): Promise<readonly Link[]> {
  const { rows } = await client.query(
    'select sequence, body, hash from gapwatch.facts where incident = $1 and sequence >= $2 order by sequence',
    [incident, sequence],
  );
  return rows.map((row) => factRow.parse(row));
}

/** All events of an incident, in order. */
export async function loadEvents(client: Queryable, incident: number): Promise<readonly RecordedEvent[]> {
  return (await loadLinks(client, incident)).map(({ body }) => unlink(body));
}

/** Takes the incident for this transaction: until it ends, nobody else appends to it. */
export async function lockIncident(client: Queryable, incident: number): Promise<void> {
  await client.query('select pg_advisory_xact_lock(4184714, $1)', [incident]);
}

/** Takes the right to open incidents for this transaction, so that two alerts at once open one. */
export async function lockOpening(client: Queryable): Promise<void> {
  await client.query('select pg_advisory_xact_lock(4184714, 0)');
}

/**
 * Appends events to an incident's chain and brings its index row up to date. The caller holds the incident's lock; a second writer
 * without it would meet the primary key.
 */
export async function appendEvents(client: Queryable, incident: Incident, recorded: readonly RecordedEvent[]): Promise<void> {
  if (recorded.length === 0) return;
  const { rows } = await client.query('select hash from gapwatch.facts where incident = $1 order by sequence desc limit 1', [
    incident.number,
  ]);
  const head = rows[0] === undefined ? GENESIS : z.object({ hash: z.string() }).parse(rows[0]).hash;
  const links = link(incident.number, head, recorded);
  await client.query(
    `insert into gapwatch.facts (incident, sequence, hash, body)
     select $1, * from unnest($2::integer[], $3::text[], $4::text[])`,
    [incident.number, links.map(({ sequence }) => sequence), links.map(({ hash }) => hash), links.map(({ body }) => body)],
  );
  await client.query(
    `insert into gapwatch.incidents (number, phase, alert_ids, fact_count, head, drill) values ($1, $2, $3, $4, $5, $6)
     on conflict (number) do update
       set phase = excluded.phase, alert_ids = excluded.alert_ids, fact_count = excluded.fact_count, head = excluded.head`,
    [
      incident.number,
      incident.phase.name,
      incident.alerts.map(({ id }) => id),
      incident.eventCount,
      links.at(-1)?.hash ?? head,
      incident.isDrill,
    ],
  );
}

/** The number the next incident gets. Held fast by {@link lockOpening}. */
export async function nextIncidentNumber(client: Queryable): Promise<number> {
  const { rows } = await client.query('select coalesce(max(number), 0) + 1 as number from gapwatch.incidents');
  return numberRow.parse(rows[0]).number;
}

/** The open incident with the highest number, if one is open; a real one before a drill. */
export async function openIncident(client: Queryable): Promise<number | null> {
  return firstNumber(client, `select number from gapwatch.incidents where phase = 'open' order by drill, number desc limit 1`);
}

/** The open incident of this kind: alerts join real ones, never a drill. */
export async function openIncidentOfKind(client: Queryable, drill: boolean): Promise<number | null> {
  const sql = `select number from gapwatch.incidents where phase = 'open' and drill = $1 order by number desc limit 1`;
  return firstNumber(client, sql, [drill]);
}

/** The open incident, or else the latest one. */
export async function currentIncident(client: Queryable): Promise<number | null> {
  return firstNumber(
    client,
    `select number from gapwatch.incidents order by phase = 'open' desc, (phase = 'open' and drill), number desc limit 1`,
  );
}

/** The latest incident that this PagerDuty alert belongs to. */
export async function incidentOfAlert(client: Queryable, alertId: string): Promise<number | null> {
  return firstNumber(client, 'select number from gapwatch.incidents where alert_ids @> array[$1] order by number desc limit 1', [alertId]);
}

/** All incidents' numbers, oldest first; with `phase`, only those. */
export async function incidentNumbers(client: Queryable, phase?: 'open'): Promise<readonly number[]> {
  const { rows } = await client.query('select number from gapwatch.incidents where $1::text is null or phase = $1 order by number', [
    phase ?? null,
  ]);
  return rows.map((row) => numberRow.parse(row).number);
}

/** Incidents whose latest event is no signature. One row an incident, by the primary key. */
export async function unsignedIncidents(client: Queryable): Promise<readonly number[]> {
  const { rows } = await client.query(
    `select incidents.number
     from gapwatch.incidents
     join gapwatch.facts on facts.incident = incidents.number and facts.sequence = incidents.fact_count
     where facts.body::jsonb -> 'fact' ->> 'type' <> 'evidence.signed'
     order by incidents.number`,
  );
  return rows.map((row) => numberRow.parse(row).number);
}

async function firstNumber(client: Queryable, sql: string, values: readonly unknown[] = []): Promise<number | null> {
  const { rows } = await client.query(sql, values);
  return rows[0] === undefined ? null : numberRow.parse(rows[0]).number;
}
