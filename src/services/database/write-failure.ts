import pg from 'pg';
import type { WriteFailure } from '#domain/audit-table/writer-session.ts';
import { databaseFailureText } from '#domain/checks/sqlstate.ts';

/**
 * A failure of the driver as a value. Of the server's message only the names of catalogue objects are taken, of its context only the names of
 * functions: message, detail and context may quote rows.
 */
export function writeFailureOf(stage: WriteFailure['stage'], error: unknown): WriteFailure {
  const isDatabaseError = error instanceof pg.DatabaseError;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
  const message = error instanceof Error ? error.message : '';
  return {
    // A connection that is refused inside the INSERT's round trip is no refusal of the INSERT.
    stage: isDatabaseError && error.severity === 'FATAL' ? 'before' : stage,
    code,
    text: databaseFailureText(code ?? undefined, message),
    isRowSecurity: code === '42501' && message.includes('row-level security'),
    lacksSetting: code === '42704' && message.includes('configuration parameter'),
    column: isDatabaseError ? (error.column ?? null) : null,
    constraint: isDatabaseError ? (error.constraint ?? null) : null,
    table: isDatabaseError ? (error.table ?? tableOfPartitionError(code, message)) : null,
    object: objectOf(code, message),
    functions: isDatabaseError ? functionsOf(error.where ?? '') : [],
  };
}

const FORBIDDEN = /^permission denied for ([a-z ]+?) ("?)([^"]+)\2$/;
const MISSING = /^(relation|function|type|schema|operator|column|role) "?([^"]{1,120}?)"?(?:\(| of relation| does not exist)/;

function objectOf(code: string | null, message: string): WriteFailure['object'] {
  const [, kind, , name] = code === '42501' ? (FORBIDDEN.exec(message) ?? []) : [];
  if (kind !== undefined && name !== undefined) return { kind, name: name.slice(0, 120) };
  const isMissing = code !== null && ['42P01', '42883', '42704', '42703', '3F000'].includes(code);
  const [, missingKind, missingName] = isMissing ? (MISSING.exec(message) ?? []) : [];
  return missingKind !== undefined && missingName !== undefined ? { kind: missingKind, name: missingName } : null;
}

/** `PL/pgSQL function audit.chain() line 3 at RAISE`, in any language of the server's messages: the names alone. */
function functionsOf(where: string): readonly string[] {
  const found = [...where.matchAll(/^(?:PL\/\S+|SQL)[- ](\S+) "?([\w.$]{1,120})(?:"|\()/gm)];
  return found.flatMap(([, kind, name]) => (name === undefined || kind === 'statement' || kind === 'expression' ? [] : [name]));
}

function tableOfPartitionError(code: string | null, message: string): string | null {
  return code === '23514' ? (/^no partition of relation "([^"]{1,120})"/.exec(message)?.[1] ?? null) : null;
}
