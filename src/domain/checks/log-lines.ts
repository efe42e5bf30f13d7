import { z } from 'zod';

/** One line of the application's log: its time when it carries one, and the rest as written. */
export type LogLine = { readonly at: Date | null; readonly text: string };

/** What the platform answered: the lines, oldest first, and whether earlier ones were left out because there were too many. */
export const logsSchema = z.object({ lines: z.array(z.string()), isCut: z.boolean() });

/** Reads lines as DigitalOcean writes them: `component 2026-01-05T12:00:00.123456789Z text`. A line without a time keeps all its text. */
export function parseLogLines(lines: readonly string[]): readonly LogLine[] {
  return lines.map((line) => {
    const match = /^(?:\S{1,80}\s+)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d))\s?(.*)$/s.exec(line);
    const at = match?.[1] === undefined ? null : new Date(match[1].replace(/(\.\d{3})\d+/, '$1'));
    return at === null || Number.isNaN(at.getTime()) ? { at: null, text: line } : { at, text: match?.[2] ?? '' };
  });
}
