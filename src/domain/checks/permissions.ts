import { factsQuery, parseFacts, type TableFacts } from '#domain/audit-table/probe/facts.ts';
import { probeSession } from '#domain/audit-table/probe/session.ts';
import { asWriter, type CheckProgram, query } from '#domain/audit-table/query.ts';
import { parseRoleRights, type RoleRights, roleRightsQuery } from '#domain/audit-table/role-rights.ts';
import type { AuditTable } from '#domain/audit-table/sql.ts';
import { askAsWriter, type WriteFailure, type WriterSession } from '#domain/audit-table/writer-session.ts';
import { type Check, type CheckContext, takesNone, withTable } from './check.ts';
import { judgePermissions } from './permissions-verdict.ts';
import type { Verdict } from './verdict.ts';

/** Runbook step 7: may the application's role write, and what else on the table could refuse a record? */
export const permissions: Check = {
  name: 'permissions',
  step: '§7',
  help: 'may the application write? rights, sequences, row security, rules, triggers, constraints, and the role’s own settings',
  refuse: takesNone('permissions'),
  ask: (context) => withTable(context, (table) => permissionsOf(table, context)),
};

/**
 * What the role that really connects may do: asked through its own connection, as a pooler's user name need not be the role's. A role that
 * can't connect is looked up by the name in the setting.
 */
function* permissionsOf(table: AuditTable, { writerRole, policy }: CheckContext): CheckProgram<Verdict> {
  const asked = yield* asWriter(rightsSession(table));
  if (asked.kind === 'asked') {
    const outcome = yield* asWriter(probeSession(table, { insert: policy.probe.insert, isForced: false }));
    return judgePermissions({ ...asked, outcome, failure: null, named: asked.rights?.role ?? '' }, table);
  }
  const rights = writerRole === null ? null : parseRoleRights(yield* query(roleRightsQuery(table, writerRole)));
  return judgePermissions({ rights, facts: null, outcome: null, failure: asked.failure, named: writerRole ?? '' }, table);
}

type Asked =
  | { readonly kind: 'asked'; readonly rights: RoleRights | null; readonly facts: TableFacts | null }
  | { readonly kind: 'failed'; readonly failure: WriteFailure };

/** Without USAGE on the schema the table's name can't even be cast; then the rights are asked by another way, and the facts not at all. */
function* rightsSession(table: AuditTable): WriterSession<Asked> {
  const connected = yield { kind: 'connect' };
  if (connected.kind === 'failed') return connected;
  const rights = yield* askAsWriter(roleRightsQuery(table, null));
  if ('failure' in rights) return { kind: 'failed', failure: rights.failure };
  const facts = yield* askAsWriter(factsQuery(table));
  yield { kind: 'close' };
  return { kind: 'asked', rights: parseRoleRights(rights.rows), facts: 'rows' in facts ? parseFacts(facts.rows) : null };
}
