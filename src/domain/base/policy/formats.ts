import { z } from 'zod';
import { areMailboxes } from '#domain/base/mailbox.ts';
import { parseDuration } from '#domain/base/time.ts';

/** A schema whose refusal says what is expected; the page about the policy says the same (`expected` in its metadata). */
function format<Schema extends z.ZodType>(expected: string, schema: (error: string) => Schema): Schema {
  return schema(`expected ${expected}`).meta({ expected });
}

const DURATION = 'a duration with its unit, such as 30s, 5m, 24h or 90d';

/** `30s`, `5m`, `24h`, `90d`, longer than nothing; read as milliseconds. */
export const duration = format(DURATION, (error) =>
  z.string(error).transform((text, context) => {
    const length = parseDuration(text);
    if (length !== null && length > 0) return length;
    context.addIssue(`${error}, not "${text}"`);
    return z.NEVER;
  }),
);

/** Records a minute, lowest and highest. */
export const range = format('two numbers, [lowest, highest]', (error) =>
  z.tuple([z.number().min(0), z.number().min(0)], error).refine(([lowest, highest]) => lowest <= highest, error),
);

const slackId = format('a Slack ID such as U0123456789, or S0123456789 for a user group', (error) =>
  z.string(error).regex(/^[UWS][A-Z0-9]+$/, error),
);

/** One Slack ID or several, read as a list. */
export const slackIds = format('a Slack ID such as U0123456789 (S0123456789 for a user group), or a list of them', (error) =>
  z.union([slackId, z.array(slackId)], error).transform((ids) => [ids].flat()),
);

/** A role that can be reached. */
export const role = format('a role in lower case, such as senior-engineer', (error) =>
  z.string(error).regex(/^[a-z][a-z0-9-]{0,40}$/, error),
);

/** How a person or group is reached. */
export const contact = z.strictObject({
  slack: slackId.optional().describe('The Slack ID of the person or user group'),
  email: format('an e-mail address or Name <address>, several separated by commas', (error) =>
    z
      .string(error)
      .trim()
      .refine((text) => areMailboxes(text), error),
  )
    .optional()
    .describe('The e-mail address'),
});

export const count = format('a whole number from 1 to 10000', (error) => z.number(error).int(error).min(1, error).max(10_000, error));
export const percent = format('a number from 1 to 99', (error) => z.number(error).min(1, error).max(99, error));
export const httpUrl = format('an http(s) URL', (error) => z.url({ protocol: /^https?$/, error }));
export const text = format('a text that is not empty', (error) => z.string(error).min(1, error));
export const headerName = format('a header name', (error) => z.string(error).regex(/^[\w-]+$/, error));
export const apiPath = format('a path that begins with /', (error) => z.string(error).startsWith('/', error));
export const yesOrNo = format('true or false', (error) => z.boolean(error));

/** A column's type as people write it. */
export const columnType = format('a type, such as text or text not null', (error) =>
  z.string(error).regex(/^[a-z][a-z0-9 ()[\],]*$/, error),
);

/** Part of an alert's name; a shorter one would match by chance. */
export const alertName = format('a text of at least 3 characters', (error) => z.string(error).min(3, error));

export const timeZone = format('a time zone such as America/New_York', (error) => z.string(error).refine(isTimeZone, error));

export const insertStatement = format('one INSERT statement, without another behind it', (error) =>
  z
    .string(error)
    .max(4_000, error)
    .regex(/^\s*insert\s+into\s[^;]*;?\s*$/i, error),
);

export const workflowFile = format('the file name of a workflow, such as deploy-production.yml', (error) =>
  z.string(error).regex(/^[\w.-]+$/, error),
);

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
