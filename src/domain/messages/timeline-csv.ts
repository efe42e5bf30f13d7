import type { TimelineLine } from '#domain/incident/timeline.ts';

/** The timeline as CSV (RFC 4180) for a spreadsheet. A cell that a spreadsheet would take for a formula gets an apostrophe before it. */
export function timelineCsv(lines: readonly TimelineLine[]): string {
  const rows = lines.map(({ sequence, at, who, text }) => [String(sequence), at.toISOString(), who, text]);
  return [['number', 'time (UTC)', 'who', 'what'], ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
