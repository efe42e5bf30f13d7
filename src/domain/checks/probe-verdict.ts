import type { Blocker } from '#domain/audit-table/blockers.ts';
import type { ProbeOutcome, RecordSource } from '#domain/audit-table/probe/outcome.ts';
import { plainName } from '#domain/audit-table/probe/refusal.ts';
import type { AuditTable } from '#domain/audit-table/sql.ts';
import type { WriteFailure } from '#domain/audit-table/writer-session.ts';
import { formatDuration, SECOND } from '#domain/base/time.ts';
import { blockerFigures, blockerText } from './blocker-text.ts';
import { byCommand, CHECK_CHANGES, CHECK_PERMISSIONS, CHECK_SCHEMA, type NextStep } from './next-steps.ts';
import { repairOf, terminateSql } from './repair.ts';
import { meaningOf } from './sqlstate.ts';
import { NOT_SEEN } from './unseen.ts';
import type { Verdict } from './verdict.ts';

/** The runbook's table of outcomes, and the ones it forgot. What hangs on our test record alone is unknown, never a refused write. */
export function judgeProbe(outcome: ProbeOutcome, table: AuditTable, blockers: readonly Blocker[] = []): Verdict {
  switch (outcome.kind) {
    case 'written':
      if (outcome.secondsOff !== null && Math.abs(outcome.secondsOff) > 60) return misdated(outcome, outcome.secondsOff);
      return {
        level: 'ok',
        evidence: `A record can be written as role ${outcome.writer.role} (${Math.round(outcome.milliseconds)} ms), so the cause lies in the application.`,
        figures: [{ name: 'Test record', value: `${SOURCES[outcome.source]}, undone` }, ...NOT_SEEN],
        ...CHECK_CHANGES,
      };
    case 'nothing-stored':
      return nothingStored(outcome);
    case 'held-back':
      return {
        level: 'unknown',
        evidence: 'No write was tried: it would act outside its transaction, and that could not be undone.',
        figures: outcome.effects.map(({ trigger, table: of, does }) => ({ name: `Trigger ${trigger} on ${of}`, value: `calls ${does}` })),
        ...byCommand('/audit probe anyway', 'if one more call of it does no harm, test the write: `/audit probe anyway`'),
      };
    case 'unfit':
      return unfit(outcome, table);
    case 'refused':
      return refused(outcome, table, blockers);
    case 'unreached':
      return unreached(outcome);
    default:
      return outcome satisfies never;
  }
}

/** A trigger that changes the time hides the record from every check that looks for recent ones. */
function misdated({ source }: Extract<ProbeOutcome, { kind: 'written' }>, secondsOff: number): Verdict {
  const way = secondsOff < 0 ? 'behind' : 'ahead of';
  return {
    level: 'high',
    evidence: `A record can be written, but it is stored ${formatDuration(Math.round(Math.abs(secondsOff)) * SECOND)} ${way} the time it was written with: a trigger changes its time.`,
    figures: [{ name: 'Test record', value: `${SOURCES[source]}, undone` }],
    ...CHECK_PERMISSIONS,
  };
}

const SOURCES: Readonly<Record<RecordSource, string>> = {
  policy: 'the INSERT of `probe.insert` in runbook.yaml',
  copy: 'a copy of the newest real record, made inside the database',
  catalogue: 'made up from the catalogue',
};

function nothingStored({ rules, triggers, storedIn, source }: Extract<ProbeOutcome, { kind: 'nothing-stored' }>): Verdict {
  const by = [...rules.map((name) => `rule ${name}`), ...triggers.map((name) => `trigger ${name}`)];
  const who =
    by.length === 0
      ? 'a rule or trigger discards it'
      : by.length === 1
        ? `${by[0]} discards it`
        : `one of these discards it: ${by.join(', ')}`;
  return {
    level: 'critical',
    evidence: `The table accepted the record and stored nothing: ${who}.`,
    figures: [
      ...rules.map((name) => ({ name: 'INSTEAD rule', value: name })),
      ...triggers.map((name) => ({ name: 'BEFORE trigger', value: name })),
      ...(storedIn.length > 0 ? [{ name: 'Stored instead in', value: storedIn.join(', ') }] : []),
      { name: 'Test record', value: SOURCES[source] },
    ],
    ...CHECK_PERMISSIONS,
  };
}

type Refused = Extract<ProbeOutcome, { kind: 'refused' | 'unfit' }>;

function unfit(outcome: Refused, table: AuditTable): Verdict {
  const { failure, source } = outcome;
  if (failure.code !== null && ['55000', '42809', '0A000'].includes(failure.code) && failure.functions.length === 0) {
    return {
      level: 'unknown',
      evidence: `Nothing can be inserted into ${table.name} (${failure.code}): it is a view over other tables. Whether the application can write is not known.`,
      figures: [],
      ...byCommand('/audit schema', 'name the table that the application writes in AUDIT_TABLE'),
    };
  }
  const what = misfit(failure);
  const evidence = failure.isRowSecurity
    ? 'Unknown: row-level security refuses our test record; the policies read what only the application’s own session or records have.'
    : failure.lacksSetting
      ? 'Unknown: the table reads a setting that only the application’s own session has; real records may pass.'
      : `Unknown: our test record does not fit ${what}; real records may.`;
  return {
    level: 'unknown',
    evidence,
    figures: [...figuresOf(outcome), { name: 'Test record', value: SOURCES[source] }],
    ...byCommand(
      '/audit logs',
      "read in the application's log whether its own writes fail; `probe.insert` in runbook.yaml can give a record that fits",
    ),
  };
}

function misfit({ functions: [inner], code, constraint, column }: WriteFailure): string {
  if (inner !== undefined) return `what a trigger wants (function ${inner}, ${code ?? 'no code'})`;
  if (constraint !== null) return `constraint ${constraint}`;
  return column === null ? `the table (${code ?? 'no code'})` : `column ${column}`;
}

function refused(outcome: Refused, table: AuditTable, blockers: readonly Blocker[]): Verdict {
  const { failure } = outcome;
  const { level } = meaningOf(failure.code);
  const [blocker] = blockers;
  const repair = blocker ? terminateSql(blocker.pid) : repairOf(outcome, table);
  const code = failure.code ? `, ${failure.code}` : '';
  const next = nextOf(outcome);
  return {
    level,
    evidence: `The write was refused: ${blocker ? blockedText(blocker, table) : causeText(outcome)}${code}.`,
    figures: [...figuresOf(outcome), ...blockerFigures(blockers), ...(repair === null ? [] : [{ name: 'Repaired by', value: repair }])],
    ...(repair === null ? next : { ...next, nextStep: `run \`${repair}\`, or ${next.nextStep}` }),
  };
}

function blockedText(blocker: Blocker, table: AuditTable): string {
  const isTable = blocker.kind === 'relation' && plainName(blocker.relation ?? '') === table.name;
  return `${isTable ? 'the table is locked' : 'a lock is held'}: ${blockerText(blocker)}`;
}

/** The cause in words: what the catalogue knows, the object that was named, or the code's own meaning. */
export function causeText({ failure, cause, writer }: Refused): string {
  const [inner] = failure.functions;
  switch (cause?.kind) {
    case 'no-partition':
      return `no partition of ${cause.table} takes a record of now`;
    case 'sequence':
      return SEQUENCES[cause.what](cause.sequence);
    case 'policies':
      return cause.names.length === 0
        ? 'row-level security is on and no policy lets the role insert'
        : `row-level security refuses the record (policy ${cause.names.join(', ')})`;
    case 'own-timeout':
      return `it took longer than the role's own statement_timeout of ${cause.milliseconds} ms`;
    case 'read-only':
      return cause.by === 'recovery'
        ? 'the server is a replica and takes only reads'
        : `default_transaction_read_only is on for ${cause.by === 'user' ? `role ${writer.role}` : `the ${cause.by}`}`;
    default:
  }
  const object = failure.object ? ` ${failure.object.kind} ${failure.object.name}` : '';
  if (inner !== undefined) return `${functionText(failure.code)} (function ${inner}${object ? `,${object}` : ''})`;
  if (failure.code === '42501' && object !== '') return `permission denied for${object}`;
  if (failure.object && failure.code !== null && /^42/.test(failure.code))
    return `${failure.object.kind} ${failure.object.name} does not exist`;
  if (failure.code === '55P03') return 'the table, or a row or lock that the write needs, is locked';
  return failure.code === null ? failure.text : meaningOf(failure.code).cause;
}

function functionText(code: string | null): string {
  if (code === '42501') return 'a trigger is denied what it needs';
  if (code !== null && /^42/.test(code)) return 'a trigger needs something that is missing';
  if (code === '54001') return 'a trigger calls itself without end';
  if (code === '55P03' || code === '57014') return 'a trigger waits for a lock';
  return 'a trigger refuses the record';
}

const SEQUENCES = {
  forbidden: (name: string) => `permission denied for sequence ${name}`,
  exhausted: (name: string) => `sequence ${name} is exhausted`,
  'past-type': (name: string) => `the next number of sequence ${name} is too large for its column`,
  behind: (name: string) => `sequence ${name} is behind: its next number is taken already`,
} as const;

function nextOf({ failure, cause }: Refused): NextStep {
  if (cause?.kind === 'read-only' && cause.by !== 'recovery') return CHECK_PERMISSIONS;
  if (cause?.kind === 'no-partition') return byCommand('/audit schema', 'look at the partitions (`/audit schema`)');
  if (cause !== null && cause.kind !== 'own-timeout' && cause.kind !== 'read-only') return CHECK_PERMISSIONS;
  const isServer = failure.code !== null && /^(?:08|53|57|58|XX|55P03)/.test(failure.code);
  if (failure.functions.length > 0 && !isServer)
    return byCommand('/audit permissions', 'look at the triggers of the table and its partitions (runbook step 7)');
  if (failure.code !== null && /^42/.test(failure.code) && failure.code !== '42501')
    return failure.functions.length > 0 ? CHECK_PERMISSIONS : CHECK_SCHEMA;
  return meaningOf(failure.code).next;
}

function figuresOf({ failure, writer }: Refused): Verdict['figures'] {
  return [
    ...(failure.column ? [{ name: 'Column', value: failure.column }] : []),
    ...(failure.constraint ? [{ name: 'Constraint', value: failure.constraint }] : []),
    ...(failure.functions.length > 0 ? [{ name: 'Inside', value: `function ${failure.functions.join(', called by ')}` }] : []),
    ...(writer.role === '' ? [] : [{ name: 'Tried as', value: writer.role }]),
  ];
}

function unreached({ failure }: Extract<ProbeOutcome, { kind: 'unreached' }>): Verdict {
  const { level, cause, next } = meaningOf(failure.code);
  const code = failure.code ? `, ${failure.code}` : '';
  const why = failure.code ? cause : failure.text;
  if (failure.stage === 'after') {
    return {
      level: 'unknown',
      evidence: `The write was taken, but undoing it failed: ${why}${code}.`,
      figures: [],
      ...byCommand('/audit probe', 'run the probe again'),
    };
  }
  return { level, evidence: `No write could be tried: ${why}${code}.`, figures: [], ...next };
}
