import type { TableFacts } from '#domain/audit-table/probe/facts.ts';
import type { ProbeOutcome } from '#domain/audit-table/probe/outcome.ts';
import type { RoleRights } from '#domain/audit-table/role-rights.ts';
import { type AuditTable, identifier } from '#domain/audit-table/sql.ts';
import type { WriteFailure } from '#domain/audit-table/writer-session.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { unknownVerdict } from './check.ts';
import { byCommand, TEST_A_WRITE } from './next-steps.ts';
import { causeText } from './probe-verdict.ts';
import { repairOf, sqlName } from './repair.ts';
import { meaningOf } from './sqlstate.ts';
import type { Verdict } from './verdict.ts';

/** What the verdict is made from. `failure`: why the role could not be asked; `outcome`: of a test write; `named`: the role's name. */
export type Permissions = {
  readonly rights: RoleRights | null;
  readonly facts: TableFacts | null;
  readonly outcome: ProbeOutcome | null;
  readonly failure: WriteFailure | null;
  readonly named: string;
};

type Problem = { readonly text: string; readonly repair: string | null; readonly level?: Verdict['level'] };

/** A missing right, or anything of the table that refuses every record, is critical; what could refuse one is listed beside an "OK". */
export function judgePermissions(found: Permissions, table: AuditTable): Verdict {
  const { rights, facts, outcome, failure, named } = found;
  if (rights === null) return withoutRights(failure, named);
  const problem =
    rightsProblem(rights, table) ?? connectionProblem(rights, failure) ?? factsProblem(facts, table) ?? writeProblem(outcome, table);
  const figures = [...roleFigures(rights), ...(facts === null ? [] : tableFigures(facts))];
  if (problem === null) {
    const rest = facts !== null && facts.triggers.length > 0 ? '; a trigger could still refuse a record' : '';
    return { level: 'ok', evidence: `Role ${rights.role} may insert${rest}.`, figures, ...TEST_A_WRITE };
  }
  const { text, repair, level = 'critical' } = problem;
  return {
    level,
    evidence: `${text}.`,
    figures: [...(repair === null ? [] : [{ name: 'Repaired by', value: repair }]), ...figures],
    ...byCommand(
      '/audit probe',
      repair === null
        ? 'repair it as the table’s owner, then test a write (runbook step 4)'
        : `run \`${repair}\` as the owner, then test a write (runbook step 4)`,
    ),
  };
}

function withoutRights(failure: WriteFailure | null, named: string): Verdict {
  if (failure !== null && !['28000', '28P01'].includes(failure.code ?? ''))
    return unknownVerdict(`the application's role could not be asked: ${failure.text}`);
  return {
    level: 'critical',
    evidence: named === '' ? 'The application’s role may not connect.' : `There is no role ${named}.`,
    figures: [],
    ...byCommand('/audit probe', 'compare AUDIT_WRITER_DATABASE_URL with the roles of the database, then test a write (runbook step 4)'),
  };
}

function rightsProblem({ role, mayUseSchema, schema, mayInsert, columns, columnsDenied }: RoleRights, table: AuditTable): Problem | null {
  const to = `TO ${identifier(role)};`;
  if (!mayUseSchema)
    return { text: `Role ${role} has no USAGE on the table's schema`, repair: `GRANT USAGE ON SCHEMA ${identifier(schema)} ${to}` };
  if (mayInsert) return null;
  const grant = `GRANT INSERT ON ${sqlName(table)} ${to}`;
  if (columns.length === 0) return { text: `Role ${role} may not insert into the table`, repair: grant };
  if (columnsDenied.length === 0) return null;
  return {
    text: `Role ${role} may not insert into column ${columnsDenied.join(', ')}, which must be filled`,
    repair: `GRANT INSERT (${columnsDenied.map(identifier).join(', ')}) ON ${sqlName(table)} ${to}`,
  };
}

/** What keeps the application from connecting at all, though its rights are there. */
function connectionProblem(rights: RoleRights, failure: WriteFailure | null): Problem | null {
  const { role, mayLogIn, connectionLimit, connections, isExpired, settings, login } = rights;
  const alter = (what: string) => `ALTER ROLE ${identifier(role)} ${what};`;
  if (!mayLogIn && (login === role || failure !== null || connectionLimit >= 0))
    return { text: `Role ${role} may not log in (NOLOGIN)`, repair: alter('LOGIN') };
  if (isExpired) return { text: `The password of role ${role} has expired (VALID UNTIL)`, repair: alter(`VALID UNTIL 'infinity'`) };
  // Where we are connected as the role itself, one of its connections is ours.
  if (connectionLimit >= 0 && connections >= connectionLimit && (failure !== null || login !== role)) {
    return { text: `Role ${role} has ${connections} of its ${connectionLimit} connections in use`, repair: alter('CONNECTION LIMIT -1') };
  }
  if (settings.includes('default_transaction_read_only=on') || settings.includes('default_transaction_read_only=true')) {
    return { text: `default_transaction_read_only is on for role ${role}`, repair: alter('RESET default_transaction_read_only') };
  }
  if (failure === null) return null;
  return { text: `The application's role can't connect: ${failure.text}`, repair: null, level: meaningOf(failure.code).level };
}

function factsProblem(facts: TableFacts | null, table: AuditTable): Problem | null {
  if (facts === null) return null;
  const rule = facts.rules.find(({ isUnconditional }) => isUnconditional);
  if (rule)
    return {
      text: `Rule ${rule.name} discards or redirects every record`,
      repair: `DROP RULE ${identifier(rule.name)} ON ${sqlName(table)};`,
    };
  for (const { sequence } of facts.columns) {
    if (sequence === null || sequence.mayUse) continue;
    return {
      text: `Role ${facts.role} may not use sequence ${sequence.name}, from which ids come`,
      repair: `GRANT USAGE ON SEQUENCE ${sequence.name} TO ${identifier(facts.role)};`,
    };
  }
  return facts.rowSecurity ? policyProblem(facts) : null;
}

function policyProblem({ policies, role }: TableFacts): Problem | null {
  const closed = policies.find(({ isPermissive, expression }) => !isPermissive && expression === 'false');
  if (closed) return { text: `Restrictive policy ${closed.name} lets no record in`, repair: null };
  const permissive = policies.filter(({ isPermissive }) => isPermissive);
  if (permissive.length === 0) return { text: `Row-level security is on, and no policy lets role ${role} insert`, repair: null };
  if (permissive.every(({ expression }) => expression === 'false'))
    return { text: `Policy ${permissive.map(({ name }) => name).join(', ')} lets no record in`, repair: null };
  return null;
}

/** What a test write met that the catalogue alone does not tell. A lock or a full disk is no matter of rights. */
function writeProblem(outcome: ProbeOutcome | null, table: AuditTable): Problem | null {
  if (outcome?.kind === 'nothing-stored') {
    const by = [...outcome.rules.map((name) => `rule ${name}`), ...outcome.triggers.map((name) => `trigger ${name}`)];
    return { text: `The table accepts a record and stores nothing: look at ${by.join(', ') || 'its rules and triggers'}`, repair: null };
  }
  if (outcome?.kind !== 'refused' || /^(?:08|53|55P03|57|58|XX)/.test(outcome.failure.code ?? '')) return null;
  const code = outcome.failure.code ?? 'no code';
  const text = causeText(outcome);
  return {
    text: `A test write was refused: ${text} (${code})`,
    repair: repairOf(outcome, table),
    level: meaningOf(outcome.failure.code).level,
  };
}

function list(name: string, values: readonly string[]): Verdict['figures'] {
  return values.length === 0 ? [] : [{ name, value: values.slice(0, 15).join(', ') }];
}

/** Settings of a role that decide whether and how its writes go. */
const TOLD =
  /^(?:statement_timeout|lock_timeout|idle_in_transaction_session_timeout|search_path|session_replication_role|default_transaction_\w+|row_security|TimeZone|timezone|role)=/;

function roleFigures(rights: RoleRights): Verdict['figures'] {
  const { role, login, owner, grantedTo, memberOf, settings, connectionLimit, connections, mayInsert, columns, mayLogIn } = rights;
  return [
    { name: 'Judged as', value: login === role ? role : `${role}, connected as ${login}` },
    { name: 'Owner', value: owner },
    ...list('INSERT granted to', grantedTo),
    ...(mayInsert ? [] : list('INSERT only into columns', columns)),
    ...list('Member of', memberOf),
    ...(mayLogIn ? [] : [{ name: 'May log in', value: 'no (NOLOGIN)' }]),
    ...(connectionLimit < 0 ? [] : [{ name: 'Connections of the role', value: `${connections} of ${connectionLimit}` }]),
    ...list(
      'Settings of the role',
      settings.filter((setting) => TOLD.test(setting)).map((setting) => foreignLine(setting, 80)),
    ),
  ];
}

function tableFigures({ triggers, rules, policies, constraints, rowSecurity, columns }: TableFacts): Verdict['figures'] {
  const kinds = new Set(['c', 'f', 'u', 'x']);
  const names = new Set(constraints.filter(({ kind }) => kinds.has(kind)).map(({ name }) => name));
  return [
    ...list(
      'Triggers',
      triggers.map(({ name, table, function: calls }) => `${name} on ${table} (${calls})`),
    ),
    ...list('Functions that defaults call', [...new Set(columns.flatMap(({ defaultFunctions }) => defaultFunctions))]),
    ...list(
      'Sequences',
      columns.flatMap(({ sequence }) => (sequence === null ? [] : [sequence.name])),
    ),
    ...list(
      'INSTEAD rules',
      rules.map(({ name }) => name),
    ),
    ...(rowSecurity
      ? list(
          'Policies for INSERT',
          policies.map(({ name, isPermissive }) => `${name}${isPermissive ? '' : ' (restrictive)'}`),
        )
      : []),
    ...list('Constraints that may refuse a record', [...names]),
  ];
}
