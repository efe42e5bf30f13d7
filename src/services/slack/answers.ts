import { z } from 'zod';
import { answeredNo } from './failures.ts';

/** Calls one method of Slack's Web API. It throws {@link ServiceFailure} for anything but a body that Slack calls `ok`. */
export type Call = (method: string, args?: Record<string, unknown>) => Promise<unknown>;

/** An answer in its expected shape. Another one, with "ok" in it or not, may come from something in between. */
export function read<Shape>(schema: z.ZodType<Shape>, method: string, answer: unknown): Shape {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw answeredNo(method, null, parsed.error);
}

/** Returns where the next page of an answer begins; empty after the last one (https://docs.slack.dev/apis/web-api/pagination). */
export function nextCursor(answer: unknown): string {
  return pageSchema.parse(answer).response_metadata?.next_cursor ?? '';
}

const pageSchema = z.object({ response_metadata: z.object({ next_cursor: z.string().optional() }).optional() });
