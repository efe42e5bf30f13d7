/** A failure that the runbook tells people to look for, in its own words, and how applications really write it. */
export type Signature = { readonly name: string; readonly pattern: RegExp };

/**
 * The runbook's signatures (steps 3 and 5), each with the texts in which Prisma and PostgreSQL report it. The first that matches
 * counts, so what names the cause stands before what only says that the record failed.
 */
export const SIGNATURES: readonly Signature[] = [
  { name: 'Prisma timeout', pattern: /prisma[^\n]{0,80}time[d ]*\s?out|timed out fetching a new connection|\bP2024\b|\bP2028\b/i },
  {
    name: 'Transaction rollback',
    pattern: /transaction[^\n]{0,40}roll(?:ed)?[ -]?back|rolling back|\b25P02\b|transaction (?:is|was) aborted/i,
  },
  { name: 'Unique constraint violation', pattern: /unique constraint|duplicate key|\bP2002\b|\b23505\b/i },
  {
    name: 'Database connection',
    pattern:
      /database connection|can'?t reach database|connection (?:refused|terminated|reset)|too many (?:clients|connections)|\bP1001\b|\b53300\b|ECONNREFUSED/i,
  },
  { name: 'Permission denied', pattern: /permission denied|\b42501\b/i },
  { name: 'Disk full', pattern: /no space left on device|disk full|\b53100\b/i },
  {
    name: 'Value that does not fit',
    pattern:
      /invalid input value for enum|value too long for type|violates (?:not-null|check|foreign key) constraint|\b(?:22P02|22001|22P05|23502|23503|23514|428C9|P2000|P2003|P2011)\b/i,
  },
  {
    name: 'Missing column or table',
    pattern: /(?:column|relation)[^\n]{0,80} does not exist|\b(?:42703|42P01|P2021|P2022)\b/i,
  },
  { name: 'Deadlock or conflict', pattern: /deadlock detected|could not serialize access|\b(?:40P01|40001|P2034)\b/i },
  { name: 'Failed to create audit log', pattern: /fail(?:ed|ure)? to (?:create|write|insert)[^\n]{0,20}audit[ _-]?(?:log|record|event)/i },
];

/** The first signature that a text carries. */
export function signatureOf(text: string): Signature | null {
  return SIGNATURES.find(({ pattern }) => pattern.test(text)) ?? null;
}

/** Whether a text is about the audit log at all. */
export function isAboutAudit(text: string): boolean {
  return /audit/i.test(text);
}
