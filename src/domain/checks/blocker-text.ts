import type { Blocker } from '#domain/audit-table/blockers.ts';
import { foreignLine } from '#domain/base/text/sanitize.ts';
import { formatDuration, SECOND } from '#domain/base/time.ts';
import type { Verdict } from './verdict.ts';

/** Who holds what a writer waits for, in one clause. */
export function blockerText(blocker: Blocker): string {
  return `session ${blocker.pid} holds ${heldBy(blocker)}, which the write needs`;
}

/** A figure for each session that keeps writers waiting. */
export function blockerFigures(blockers: readonly Blocker[]): Verdict['figures'] {
  return blockers.map((blocker) => ({
    name: `Session ${blocker.pid}`,
    value: `${heldBy(blocker)}, ${ageText(blocker.seconds)}, ${blocker.state ?? 'state not visible to our role'}, as ${foreignLine(blocker.role, 40)}: ${withoutLiterals(blocker.query)}`,
  }));
}

/** How long a transaction has been open; unknown where our role may not see it. */
export function ageText(seconds: number | null): string {
  return seconds === null ? 'since when is not visible to our role' : `for ${formatDuration(Math.max(0, Math.round(seconds)) * SECOND)}`;
}

function heldBy({ kind, relation, key }: Blocker): string {
  switch (kind) {
    case 'relation':
      return `a lock on ${foreignLine(relation ?? 'the table', 80)}`;
    case 'advisory':
      return `advisory lock ${key ?? ''}`.trim();
    case 'transactionid':
    case 'tuple':
      return 'a row that another transaction has locked';
    default:
      return `a lock of kind ${foreignLine(kind, 30)}`;
  }
}

/** A statement's shape: literals and numbers may be patients. */
export function withoutLiterals(query: string): string {
  if (query === '' || query === '<insufficient privilege>') return 'its statement is not visible to our role';
  const shape = query
    .replace(/\$(\w*)\$[\s\S]*?\$\1\$/g, '?')
    .replace(/(?:\b[EeBbXxNn])?'(?:[^']|'')*(?:'|$)/g, '?')
    .replace(/(?<![\w"])\d[\w.]*/g, '?')
    .replace(/--.*$|\/\*[\s\S]*?(?:\*\/|$)/gm, '');
  return foreignLine(shape, 120);
}
